package dev.freshet.read.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Model;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.web.util.UriComponentsBuilder;

class QueryGrammarTest {

  private static final Model ORDERS = new Model("orders", columns(), List.of("id"), "version");

  private static Map<String, String> columns() {
    Map<String, String> columns = new LinkedHashMap<>();
    columns.put("id", "uuid");
    columns.put("status", "text");
    columns.put("total", "numeric(10,2)");
    columns.put("data", "jsonb");
    columns.put("tags", "integer[]");
    columns.put("words", "tsvector");
    return columns;
  }

  @Test
  void everyOperatorBecomesItsConditionWithItsValueBound() {
    SelectStatement statement =
        statement(
            "status=eq.a&status=neq.b&total=gt.1&total=gte.2&total=lt.3&total=lte.4&status=in.(x,\"y,z\")"
                + "&status=is.null&status=like.a*&status=not.ilike.*b&id=not.is.not_null");
    assertThat(statement.sql())
        .isEqualTo(
            "select * from read.\"orders\" m where m.\"status\" = ? and m.\"status\" <> ?"
                + " and m.\"status\" in (?, ?) and m.\"status\" is null and m.\"status\" like ?"
                + " and not (m.\"status\" ilike ?) and m.\"total\" > ? and m.\"total\" >= ?"
                + " and m.\"total\" < ? and m.\"total\" <= ? and not (m.\"id\" is not null)"
                + " order by m.\"id\" limit 10 offset 0");
    assertThat(statement.values())
        .containsExactly("a", "b", "x", "y,z", "a%", "%b", "1", "2", "3", "4");
  }

  @Test
  void rowsAreSortedByTheKeyLastSoThatEveryCopyAnswersAlike() {
    assertThat(statement("select=id,total&order=total.desc.nullslast,status&offset=5").sql())
        .isEqualTo(
            "select m.\"id\" as \"id\", m.\"total\" as \"total\" from read.\"orders\" m"
                + " order by m.\"total\" desc nulls last, m.\"status\", m.\"id\" limit 10 offset 5");
  }

  @Test
  void emptyListMatchesNothing() {
    assertThat(statement("status=in.()").sql()).contains("where false");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "total=isdistinct.1|m.\"total\" is distinct from ?|1",
        "status=match.^a|m.\"status\" ~ ?|^a",
        "status=imatch.^a|m.\"status\" ~* ?|^a",
        "tags=cs.{1,2}|m.\"tags\" @> ?|{1,2}",
        "tags=cd.{1,2}|m.\"tags\" <@ ?|{1,2}",
        "tags=ov.{1,2}|m.\"tags\" && ?|{1,2}",
        "tags=sl.x|m.\"tags\" << ?|x",
        "tags=sr.x|m.\"tags\" >> ?|x",
        "tags=nxr.x|m.\"tags\" &< ?|x",
        "tags=nxl.x|m.\"tags\" &> ?|x",
        "status=eq(any).{a,\"b,c\"}|m.\"status\" = any(?)|{\"a\",\"b,c\"}",
        "status=eq(any).{a, b\\c,\" d\"}|m.\"status\" = any(?)|{\"a\",\"bc\",\" d\"}",
        "status=in.({a,b)|m.\"status\" in (?, ?)|{a;b",
        "status=not.like(all).{a*,*b}|not (m.\"status\" like all(?))|{\"a%\",\"%b\"}",
        "words=fts.a|m.\"words\" @@ to_tsquery('simple'::regconfig, ?)|a",
        "status=wfts(english).a b|to_tsvector('english'::regconfig, m.\"status\"::text) @@ websearch_to_tsquery('english'::regconfig, ?)|a b",
        "data=plfts.a|to_tsvector('simple'::regconfig, m.\"data\") @@ plainto_tsquery('simple'::regconfig, ?)|a",
        "data->>a=phfts.b|to_tsvector('simple'::regconfig, (m.\"data\" ->> ?::text)::text) @@ phraseto_tsquery('simple'::regconfig, ?)|a;b",
        "data->a->0->>b=eq.x|(m.\"data\" -> ?::text -> 0 ->> ?::text) = ?|a;b;x",
        "data->\"0\"=is.null|(m.\"data\" -> ?::text) is null|0",
        "tags->-1=eq.3|(to_jsonb(m.\"tags\") -> -1) = ?|3",
        "or=(status.eq.a,total.gt.1)|(m.\"status\" = ? or m.\"total\" > ?)|a;1",
        "not.and=(status.eq.a,not.or(total.gt.1,total.is.null))|not (m.\"status\" = ? and not (m.\"total\" > ? or m.\"total\" is null))|a;1",
        "or=(status.in.(a,\"b)\"),status.not.eq.\"c,d\",data->>x.eq.{a,b})|(m.\"status\" in (?, ?) or not (m.\"status\" = ?) or (m.\"data\" ->> ?::text) = ?)|a;b);c,d;x;{a,b}",
      })
  void conditionBecomesSqlWithItsValuesBound(String query, String condition, String values) {
    SelectStatement statement = statement(query);
    assertThat(statement.sql())
        .isEqualTo(
            "select * from read.\"orders\" m where "
                + condition
                + " order by m.\"id\" limit 10 offset 0");
    assertThat(statement.values()).containsExactly(values.split(";", -1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "nr:id,data->a->>b|m.\"id\" as \"nr\", (m.\"data\" -> ?::text ->> ?::text) as \"b\"",
        "total::int8,data->items->0|m.\"total\"::bigint as \"total\", (m.\"data\" -> ?::text -> 0) as \"items\"",
        "tags->0|(to_jsonb(m.\"tags\") -> 0) as \"tags\"",
        "total,id,total|m.\"total\" as \"total\", m.\"id\" as \"id\"",
        "id,status,total,data,tags,words|*",
        "*|*",
      })
  void selectedValuesHaveTheirNames(String select, String list) {
    assertThat(statement("select=" + select).sql())
        .startsWith("select " + list + " from read.\"orders\" m ");
  }

  @Test
  void groupsWithinGroupsAndConditionsAreBounded() {
    String deep = "or(".repeat(20) + "status.eq.a" + ")".repeat(20);
    assertThat(detail("or=(" + deep + ")")).contains("16 deep at most");
    String many = "status.eq.a,".repeat(500) + "status.eq.a";
    assertThat(detail("or=(" + many + ")")).contains("500 conditions at most");
  }

  private static String detail(String query) {
    return ((QueryGrammar.Reading.Refused) read(query)).problem().detail();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "colour=eq.red|UNKNOWN_COLUMN|'colour'",
        "select=id,colour|UNKNOWN_COLUMN|'colour'",
        "select=items(sku)|BAD_VALUE|can't be embedded",
        "select=...items(sku)|BAD_VALUE|can't be embedded",
        "select=n:count()|BAD_VALUE|aggregates",
        "select=total.sum()|BAD_VALUE|aggregates",
        "select=total::money|BAD_VALUE|'money' is no type",
        "select=id,id::text|BAD_VALUE|two values are called 'id'",
        "select=data->>a->b|BAD_VALUE|gives text",
        "select=data->|BAD_VALUE|has to follow",
        "select=id;total|UNKNOWN_COLUMN|'id;total'",
        "order=colour|UNKNOWN_COLUMN|'colour'",
        "status=placed|UNKNOWN_OPERATOR|'placed'",
        "status=not.near.x|UNKNOWN_OPERATOR|'near'",
        "status=eq|UNKNOWN_OPERATOR|'eq'",
        "status=in(any).(a)|UNKNOWN_OPERATOR|takes no (any)",
        "status=eq(some).{a}|UNKNOWN_OPERATOR|eq(some)",
        "status=eq(any).a|BAD_VALUE|braces",
        "status=fts(no 'such).a|BAD_VALUE|configuration",
        "or=status.eq.a|BAD_VALUE|at character 4: '(' is expected",
        "or=(status.eq.a|BAD_VALUE|at character 16: ')' is expected",
        "or=(status.eq.a,colour.eq.b)|UNKNOWN_COLUMN|'colour'",
        "or=(status)|BAD_VALUE|at character 11: '.' is expected",
        "or=(status.eq.a))|BAD_VALUE|follows what was closed",
        "or=(status.near.a)|UNKNOWN_OPERATOR|at character 12: 'near'",
        "status=in.(a(b),c)|BAD_VALUE|',c)' follows the list",
        "total=in.(1,2),3|BAD_VALUE|',3' follows the list",
        "total=eq(any).{1}x|BAD_VALUE|'x' follows the list",
        "status=fts(pg_toast.x).a|BAD_VALUE|configuration",
        "select=data->x:id|BAD_VALUE|no path",
        "and=(tags.cs.{1,2)|BAD_VALUE|a brace is not closed",
        "status=is.maybe|BAD_VALUE|is takes null",
        "status=in.a|BAD_VALUE|parentheses",
        "status=in.(\"a)|BAD_VALUE|not closed",
        "order=total.up|BAD_VALUE|'up'",
        "limit=-1|BAD_VALUE|limit=-1",
        "limit=1&limit=2|BAD_VALUE|more than once",
        "offset=x|BAD_VALUE|offset=x",
      })
  void whatTheGrammarDoesNotKnowIsRefusedByName(String query, ProblemCode code, String named) {
    assertThat(read(query))
        .isInstanceOfSatisfying(
            QueryGrammar.Reading.Refused.class,
            refused -> {
              assertThat(refused.problem().code()).isEqualTo(code);
              assertThat(refused.problem().detail()).contains(named);
            });
  }

  private static SelectStatement statement(String query) {
    assertThat(read(query)).isInstanceOf(QueryGrammar.Reading.Read.class);
    return SelectStatement.of(ORDERS, ((QueryGrammar.Reading.Read) read(query)).query(), 10);
  }

  private static QueryGrammar.Reading read(String query) {
    return QueryGrammar.read(
        ORDERS, UriComponentsBuilder.newInstance().query(query).build().getQueryParams());
  }
}
