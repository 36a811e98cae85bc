// This file holds Oracle's traps.

package sqltext_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestOracleTextsHaveTheirVerdicts(t *testing.T) { judged(t, sqltext.Oracle, oracleTraps) }

var oracleTraps = []trap{
	{"select a from t where b = :1 and c = :c", pure, sqltext.OneRead, "ns", "t"},
	{"select a from t where rownum <= 5 and t.b(+) = 1", pure, sqltext.OneRead, "ns", "t"},
	{"select 1 from dual", pure, sqltext.OneRead, "ns", ""},
	{"select f from dual", flush, sqltext.UnknownFunction, "", "f"},
	{"select p.f from t", flush, sqltext.UnknownFunction, "", "f"},
	{"select t.a, x.b from t join u x on t.i = x.i", pure, sqltext.OneRead, "ns", "t u"},
	{"select f(1) from t", flush, sqltext.UnknownFunction, "", "f"},
	{"select dbms_session.f(1) from dual", flush, sqltext.UnknownFunction, "", "f"},
	{"select s.nextval from dual", write, sqltext.Draws, "n", "s"},
	{`select s."NEXTVAL" from dual`, write, sqltext.Draws, "n", "s"},
	{"select s.currval from dual", session, sqltext.Settings, "n", "s"},
	{"select sysdate, a from t", pure, sqltext.Clock, "n", "t"},
	{`select "SYSDATE", a from t`, pure, sqltext.Clock, "n", "t"},
	{"select systimestamp from dual", pure, sqltext.Clock, "n", ""},
	{"select user, uid from t", session, sqltext.Settings, "n", "t"},
	{"select sys_context('USERENV', 'SID') from dual", session, sqltext.Settings, "n", ""},
	{"select a from t for update of b wait 5", write, sqltext.Locks, "n", "t"},
	{"select a from t@remote", flush, sqltext.Remote, "", "t"},
	{"insert into t@remote values (1)", flush, sqltext.Remote, "", "t"},
	{"select q'[it's; f(1)]', nq'!'f(1)'!' from t", pure, sqltext.OneRead, "ns", "t"},
	{"select q'[a]', f(1), ']' from t", flush, sqltext.UnknownFunction, "", "f"},
	{"select q'aa', f(1), 'b' from t", flush, sqltext.UnknownFunction, "", "f"},
	{"select xq'[', f(1), ']' from t", flush, sqltext.UnknownFunction, "", "f"},
	{`select 'a\', f(1), '\' from t`, flush, sqltext.UnknownFunction, "", "f"},
	{"select 1 --\r, f(1)\n from dual", flush, sqltext.Odd, "", ""},
	{"select 1 -- x\r\n from t", pure, sqltext.OneRead, "ns", "t"},
	{"select a from t\u3000for\u3000update", flush, sqltext.Charset, "", ""},
	{"select 1dfor from t", flush, sqltext.Odd, "", "t"},
	{"select 1.5f, 2d from t", pure, sqltext.OneRead, "ns", "t"},
	{"select /* /* */ f(1) */ 1 from t", flush, sqltext.UnknownFunction, "", "f"},
	{"with function f return number is begin return 1; end; select f from t", flush, sqltext.UnknownStatement, "", ""},
	{"with function f return number is begin return 1; end; /", flush, sqltext.UnknownStatement, "", ""},
	{"with f as (select 1 from t), function as (select 2 from t) select * from f", flush, sqltext.Odd, "", ""},
	{"with x as (select 1 from dual) select * from x", pure, sqltext.OneRead, "ns", "x"},
	{"select case when over(1) = 1 then 2 end from t", flush, sqltext.UnknownFunction, "", "over"},
	{"select case when 1 = 1 then keep(2) else join(3) end from t", flush, sqltext.UnknownFunction, "", "keep"},
	{"select max(a) keep (dense_rank last order by b) over (partition by c) from t", pure, sqltext.OneRead, "ns", "t"},
	{"select lag(a) ignore nulls over (order by b) from t", pure, sqltext.OneRead, "ns", "t"},
	{"select listagg(a, ',') within group (order by a) from t", pure, sqltext.OneRead, "ns", "t"},
	{"select a from t partition (p)", pure, sqltext.OneRead, "ns", "t"},
	{"select 1 from a left join (select 1 from b) c on a.x = c.x", pure, sqltext.OneRead, "ns", "a b"},
	{"insert into t (a) values (:1) returning b into :2", write, sqltext.Changes, "n", "t"},
	{"select a into b from t", flush, sqltext.IntoSomewhere, "", "t"},
	{"update t set (a, b) = (select 1, 2 from u)", write, sqltext.Changes, "n", "t u"},
	{"merge into t using u on (t.a = u.a) when not matched then insert (a) values (1)", write, sqltext.Changes, "n", "t u"},
	{"merge into t using u on (t.a = u.a) when matched then update set b = 1", write, sqltext.Changes, "n", "t u"},
	{"begin p; end;", flush, sqltext.UnknownStatement, "", ""},
	{"declare x number; begin null; end;", flush, sqltext.UnknownStatement, "", ""},
	{"call p()", flush, sqltext.UnknownStatement, "", ""},
	{"explain plan for select 1 from dual", flush, sqltext.UnknownStatement, "", ""},
	{"alter session set nls_date_format = 'YYYY'", session, sqltext.Settings, "", ""},
	{"alter table t add (a number)", flush, sqltext.UnknownStatement, "", "t"},
	{"set transaction read only", session, sqltext.Settings, "", ""},
	{"lock table t in share mode", flush, sqltext.UnknownStatement, "", "t"},
	{"commit", txctl, sqltext.Transaction, "", ""},
	{"rollback to savepoint x", txctl, sqltext.Transaction, "", ""},
	{"savepoint x", txctl, sqltext.Transaction, "", ""},
}
