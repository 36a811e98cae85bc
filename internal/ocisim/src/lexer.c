/* lexer.c - cuts Oracle SQL and PL/SQL into tokens, and finds the binds. */
#include "ocisim.h"

enum { GUARD = 8 };

static int identifier(int c) {
  return isalnum(c) || c == '_' || c == '$' || c == '#' || c >= 0x80;
}

int is(const Tok *t, const char *word) {
  return (t->k == 'w' || t->k == 'p') && strlen(word) == (size_t)t->n &&
         !strncasecmp(t->s, word, (size_t)t->n);
}

int at(const Code *c, int i, const char *word) {
  return i >= 0 && i < c->ntok && is(&c->tok[i], word);
}

int at_any(const Code *c, int i, const char *const *words) {
  for (; *words; words++)
    if (at(c, i, *words)) return 1;
  return 0;
}

int skip_parens(const Code *c, int i, int end) {
  int depth = 0;
  for (; i < end; i++) {
    if (at(c, i, "(")) depth++;
    if (at(c, i, ")") && --depth == 0) return i + 1;
  }
  return end;
}

void tok_name(const Tok *t, char *to, size_t size) {
  if (t->k == 'q') {
    set_text(to, size, t->s + 1, t->n > 1 ? (size_t)t->n - 2 : 0);
    return;
  }
  set_text(to, size, t->s, (size_t)t->n);
  upper(to);
}

/* a comment of the form "ocisim error=NNNNN delay=MS" between the marks is a hint */
static void hint(Code *c, const char *p, const char *end) {
  if (strncmp(p, "ocisim ", 7) != 0) return;
  char text[128];
  set_text(text, sizeof text, p, (size_t)(end - p));
  const char *error = strstr(text, "error="), *delay = strstr(text, "delay=");
  if (error) c->hint_error = atoi(error + 6);
  if (delay) c->hint_delay = atoi(delay + 6);
}

/* returns what follows white space and comments */
static const char *skip_blank(Code *c, const char *p) {
  for (;;) {
    if (isspace((unsigned char)*p)) {
      p++;
    } else if (p[0] == '-' && p[1] == '-') {
      p += strcspn(p, "\n");
    } else if (p[0] == '/' && p[1] == '*') {
      const char *end = strstr(p + 2, "*/");
      const char *stop = end ? end : p + strlen(p);
      hint(c, p + 2, stop);
      p = end ? end + 2 : stop;
    } else {
      return p;
    }
  }
}

static const char *quoted_end(const char *p) {
  char quote = *p++;
  while (*p && !(*p == quote && p[1] != quote)) p += *p == quote ? 2 : 1;
  return *p ? p + 1 : p;
}

static const char *number_end(const char *p) {
  while (isdigit((unsigned char)*p)) p++;
  if (*p == '.' && p[1] != '.') {
    p++;
    while (isdigit((unsigned char)*p)) p++;
  }
  if (*p != 'e' && *p != 'E') return p;
  const char *digits = p + 1 + (p[1] == '+' || p[1] == '-');
  if (!isdigit((unsigned char)*digits)) return p;
  while (isdigit((unsigned char)*digits)) digits++;
  return digits;
}

static const char *identifier_end(const char *p) {
  while (identifier((unsigned char)*p)) p++;
  return p;
}

static int two_signs(const char *p) {
  static const char *const pairs[] = {"<=", ">=", "<>", "!=", "||", ":=", "=>", "..", "^=", "<<", ">>"};
  for (size_t i = 0; i < COUNT(pairs); i++)
    if (p[0] == pairs[i][0] && p[1] == pairs[i][1]) return 1;
  return 0;
}

static Tok token(const char *p) {
  unsigned char c = (unsigned char)*p;
  const char *end;
  char kind = 'p';
  if (c == '\'' || c == '"') {
    kind = c == '"' ? 'q' : 's';
    end = quoted_end(p);
  } else if (isalpha(c) || c == '_' || c >= 0x80) {
    kind = 'w';
    end = identifier_end(p);
  } else if (isdigit(c) || (c == '.' && isdigit((unsigned char)p[1]))) {
    kind = 'n';
    end = number_end(p);
  } else if (c == ':' && identifier((unsigned char)p[1])) {
    kind = 'b';
    end = identifier_end(p + 1);
  } else {
    end = p + (two_signs(p) ? 2 : 1);
  }
  return (Tok){kind, p, (int)(end - p), 0};
}

static void token_add(Code *c, Tok t) {
  if (c->ntok == c->cap) {
    c->cap = c->cap ? c->cap * 2 : 32;
    c->tok = resize(c->tok, (size_t)c->cap, sizeof *c->tok);
  }
  c->tok[c->ntok++] = t;
}

/* empty tokens behind the last: whoever looks a few ahead finds nothing */
static void token_guard(Code *c) {
  c->tok = resize(c->tok, (size_t)c->ntok + GUARD, sizeof *c->tok);
  c->cap = c->ntok + GUARD;
  for (int i = 0; i < GUARD; i++) c->tok[c->ntok + i] = (Tok){0, "", 0, 0};
}

int statement_type(const Code *c) {
  static const struct {
    const char *word;
    int type;
  } kinds[] = {
      {"SELECT", ST_SELECT}, {"WITH", ST_SELECT},   {"(", ST_SELECT},      {"UPDATE", ST_UPDATE},
      {"DELETE", ST_DELETE}, {"INSERT", ST_INSERT}, {"CREATE", ST_CREATE}, {"DROP", ST_DROP},
      {"ALTER", ST_ALTER},   {"BEGIN", ST_BEGIN},   {"<<", ST_BEGIN},      {"DECLARE", ST_DECLARE},
      {"CALL", ST_CALL},     {"MERGE", ST_MERGE},   {"COMMIT", ST_COMMIT}, {"ROLLBACK", ST_ROLLBACK}};
  for (size_t i = 0; i < COUNT(kinds); i++)
    if (at(c, 0, kinds[i].word)) return kinds[i].type;
  return ST_OTHER;
}

/* a bind's position: each occurrence in SQL is one, in PL/SQL each distinct name */
static int bind_position(Code *c, const Tok *t, int plsql) {
  char *name = copy_text(t->s + 1, (size_t)t->n - 1);
  upper(name);
  for (int i = 0; plsql && i < c->nbind; i++) {
    if (strcmp(c->bname[i], name) != 0) continue;
    free(name);
    return i + 1;
  }
  c->bname = resize(c->bname, (size_t)c->nbind + 1, sizeof *c->bname);
  c->bname[c->nbind++] = name;
  return c->nbind;
}

void code_parse(Code *c, const char *text, size_t n) {
  c->text = copy_text(text, n);
  for (const char *p = skip_blank(c, c->text); *p; p = skip_blank(c, p)) {
    Tok t = token(p);
    token_add(c, t);
    p += t.n;
  }
  token_guard(c);
  int type = statement_type(c);
  if (type >= ST_CREATE && type <= ST_ALTER) return; /* :NEW of a trigger is no bind */
  int plsql = type >= ST_BEGIN && type <= ST_CALL;
  for (int i = 0; i < c->ntok; i++)
    if (c->tok[i].k == 'b') c->tok[i].bind = bind_position(c, &c->tok[i], plsql);
}

void code_free(Code *c) {
  for (int i = 0; i < c->nbind; i++) free(c->bname[i]);
  free(c->bname);
  free(c->tok);
  free(c->text);
  *c = (Code){0};
}
