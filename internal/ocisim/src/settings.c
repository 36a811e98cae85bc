/* settings.c - what a session has set: ALTER SESSION, DBMS_SESSION, DBMS_APPLICATION_INFO, OCI attributes. */
#include "ocisim.h"

const char *setting(const Phys *p, const char *name) {
  static const char *const usual[][2] = {{"NLS_DATE_FORMAT", "DD-MON-RR"},
                                         {"NLS_TIMESTAMP_FORMAT", "DD-MON-RR HH.MI.SSXFF AM"},
                                         {"NLS_TIMESTAMP_TZ_FORMAT", "DD-MON-RR HH.MI.SSXFF AM TZR"},
                                         {"NLS_NUMERIC_CHARACTERS", ".,"},
                                         {"NLS_LANGUAGE", "AMERICAN"},
                                         {"NLS_TERRITORY", "AMERICA"},
                                         {"TIME_ZONE", "+00:00"}};
  for (const Setting *s = p->settings; s; s = s->next)
    if (!strcasecmp(s->name, name)) return s->value;
  for (size_t i = 0; i < COUNT(usual); i++)
    if (!strcasecmp(usual[i][0], name)) return usual[i][1];
  return 0;
}

void setting_put(Phys *p, const char *name, const char *value) {
  Setting *s = p->settings;
  while (s && strcasecmp(s->name, name)) s = s->next;
  if (!s) {
    s = allocate(1, sizeof *s);
    set_text(s->name, sizeof s->name, name, strlen(name));
    s->next = p->settings;
    p->settings = s;
  }
  set_text(s->value, sizeof s->value, value, strlen(value));
}

void settings_free(Phys *p) {
  for (Setting *s = p->settings, *next; s; s = next) {
    next = s->next;
    free(s);
  }
  p->settings = 0;
}

/* for the fields that V$SESSION shows to other sessions */
void state_put(Phys *p, char *field, size_t size, const char *s, size_t n) {
  pthread_mutex_lock(&p->home->mu);
  set_text(field, size, s, n);
  pthread_mutex_unlock(&p->home->mu);
}

static int zone_valid(const char *zone) {
  int h, m;
  return sscanf(zone, "%d:%d", &h, &m) == 2 && h >= -15 && h <= 15 && m >= 0 && m < 60;
}

/* the database's zone, and the client's, are UTC here; no other region is known */
static int zone_usual(const char *zone) {
  return !strcasecmp(zone, "UTC") || !strcasecmp(zone, "LOCAL") || !strcasecmp(zone, "DBTIMEZONE");
}

int zone_minutes(const Phys *p) {
  int h = 0, m = 0;
  const char *zone = setting(p, "TIME_ZONE");
  if (sscanf(zone, "%d:%d", &h, &m) != 2) return 0;
  return *zone == '-' ? h * 60 - m : h * 60 + m;
}

/* the value of NAME = value: a string without its quotes, a name in capitals */
static void setting_value(const Tok *t, char *to, size_t size) {
  if (t->k == 's' && t->n >= 2)
    set_text(to, size, t->s + 1, (size_t)t->n - 2);
  else
    tok_name(t, to, size);
}

static int set_one(Phys *p, const char *name, const char *value, Err *e) {
  if (!strcasecmp(name, "CURRENT_SCHEMA")) {
    state_put(p, p->schema, sizeof p->schema, value, strlen(value));
    return 0;
  }
  if (!strcasecmp(name, "ISOLATION_LEVEL")) p->serializable = !strcasecmp(value, "SERIALIZABLE");
  if (!strcasecmp(name, "TIME_ZONE") && zone_usual(value)) value = "+00:00";
  if (!strcasecmp(name, "TIME_ZONE") && !zone_valid(value)) return fail(e, 1882, "timezone region not found");
  if (!strncasecmp(name, "NLS_", 4) || !strcasecmp(name, "TIME_ZONE")) setting_put(p, name, value);
  return 0;
}

/* i: what follows ALTER SESSION; parameters without a meaning here are accepted */
int alter_session(Phys *p, const Code *c, int i, Err *e) {
  if (!at(c, i, "SET"))
    return at_any(c, i, (const char *const[]){"ENABLE", "DISABLE", "FORCE", "ADVISE", 0})
               ? 0
               : fail(e, 2248, "invalid option for ALTER SESSION");
  for (i++; i + 2 < c->ntok; i += 3 + at(c, i + 3, "COMMITTED")) {
    char name[32], value[100];
    if (!at(c, i + 1, "=")) return fail(e, 2248, "invalid option for ALTER SESSION");
    tok_name(&c->tok[i], name, sizeof name);
    setting_value(&c->tok[i + 2], value, sizeof value);
    if (set_one(p, name, value, e)) return OCI_ERROR;
  }
  return 0;
}
