package dev.freshet.read.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.model.Model;
import dev.freshet.read.query.Cursor;
import dev.freshet.read.query.ModelQuery;
import dev.freshet.read.query.QueryGrammar;
import dev.freshet.read.query.Seek;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.web.util.UriComponentsBuilder;

class QueryGrammarTest {

  private static final Model ORDERS =
      new Model("orders", columns(), List.of("id"), Set.of("id"), "version", false, false, null);
  private static final Model SALES =
      new Model("sales", columns(), List.of("id"), Set.of("id"), null, true, false, null);

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
            "select m.* from read.\"orders\" m where m.\"status\" = ? and m.\"status\" <> ?"
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
            "select m.* from read.\"orders\" m where "
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
        "id,status,total,data,tags,words|m.*",
        "*|m.*",
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
    return ((QueryGrammar.Reading.Rejected) read(query)).refused().problem().detail();
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
            QueryGrammar.Reading.Rejected.class,
            rejected -> {
              assertThat(rejected.refused().problem().code()).isEqualTo(code);
              assertThat(rejected.refused().problem().detail()).contains(named);
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "select=total.sum()|sum(m.\"total\") as \"sum\"||",
        "select=n:count(),status|count(*) as \"n\", m.\"status\" as \"status\"| group by 2| order by 2",
        "select=status,total::int.max()::text&order=status.desc|m.\"status\" as \"status\", max(m.\"total\"::integer)::text as \"max\"| group by 1| order by 1 desc",
        "select=data->>a,average:total.avg()|(m.\"data\" ->> ?::text) as \"a\", avg(m.\"total\") as \"average\"| group by 1| order by 1",
      })
  void aggregatesAreOfGroupsByAllOtherValues(
      String query, String list, @Nullable String groupBy, @Nullable String orderBy) {
    assertThat(statement(SALES, query).sql())
        .isEqualTo(
            "select %s from read.\"sales\" m%s%s limit 10 offset 0"
                .formatted(
                    list,
                    groupBy == null ? "" : " " + groupBy.strip(),
                    orderBy == null ? "" : " " + orderBy.strip()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "select=total.median()|'median' is no aggregate",
        "select=total.sum(1)|Nothing stands between",
        "select=count(id)|can't be embedded",
        "select=total.sum(),status&order=total|none of the values by which rows are grouped",
        "select=total.sum()&after=abc|Only rows of a model with a key have cursors",
      })
  void whatIsNoAggregateIsRefused(String query, String detail) {
    assertThat(((QueryGrammar.Reading.Rejected) read(SALES, query)).refused().problem().detail())
        .contains(detail);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "order=id.desc|x|(m.\"id\") < (?)|x",
        "order=total|5,x|((m.\"total\" >= ? or m.\"total\" is null) and ((m.\"total\" > ? or m.\"total\" is null) or m.\"total\" = ? and m.\"id\" > ?))|5,5,5,x",
        "order=total.desc|5,x|(m.\"total\" <= ? and (m.\"total\" < ? or m.\"total\" = ? and m.\"id\" > ?))|5,5,5,x",
        "order=total|NULL,x|(m.\"total\" is null and (false or m.\"total\" is null and m.\"id\" > ?))|x",
        "order=total.nullsfirst|NULL,x|(true and (m.\"total\" is not null or m.\"total\" is null and m.\"id\" > ?))|x",
      })
  void placeBecomesWhatIsBehindIt(String query, String place, String condition, String values) {
    ModelQuery read = query(ORDERS, query);
    List<Optional<String>> at =
        Arrays.stream(place.split(",", -1))
            .map(value -> value.equals("NULL") ? Optional.<String>empty() : Optional.of(value))
            .toList();
    SelectStatement statement = statement(ORDERS, query + "&after=" + Cursor.of(ORDERS, read, at));
    assertThat(statement.sql())
        .startsWith("select m.* from read.\"orders\" m where " + condition + " order by ");
    assertThat(statement.values()).containsExactly(values.split(",", -1));
  }

  @Test
  void cursorIsTheSamePlaceAgainForItsOwnOrderAlone() {
    ModelQuery byTotal = query(ORDERS, "order=total");
    String cursor = Cursor.of(ORDERS, byTotal, List.of(Optional.of("5"), Optional.empty()));
    assertThat(cursor).doesNotContain(".");
    assertThat(query(ORDERS, "order=total&before=" + cursor).seek())
        .isEqualTo(new Seek(true, List.of(Optional.of("5"), Optional.empty())));
    assertThat(detail("order=total.desc&after=" + cursor)).contains("or another order");
    assertThat(detail("after=" + cursor)).contains("or another order");
    assertThat(detail("order=total&after=" + cursor.substring(3))).startsWith("after: ");
    assertThat(detail("order=total&after=%3C")).contains("this is no cursor");
    assertThat(detail("order=total&offset=1&after=" + cursor)).contains("leave out the others");
    assertThat(detail("order=total&before=" + cursor + "&after=" + cursor))
        .contains("leave out the others");
    assertThat(detail("after=eq.5")).contains("'after'"); // a filter on a column that isn't there
  }

  @Test
  void keyThatIsSortedByIsNotSortedByAgain() {
    assertThat(statement("order=id.desc").sql())
        .endsWith(" order by m.\"id\" desc limit 10 offset 0");
  }

  private static SelectStatement statement(String query) {
    return statement(ORDERS, query);
  }

  private static SelectStatement statement(Model model, String query) {
    ModelQuery read = query(model, query);
    return new SqlText(model, read)
        .add("select ")
        .rows(read)
        .add(" limit 10 offset " + read.offset())
        .statement();
  }

  private static ModelQuery query(Model model, String query) {
    assertThat(read(model, query)).isInstanceOf(QueryGrammar.Reading.Read.class);
    return ((QueryGrammar.Reading.Read) read(model, query)).query();
  }

  private static QueryGrammar.Reading read(String query) {
    return read(ORDERS, query);
  }

  private static QueryGrammar.Reading read(Model model, String query) {
    return QueryGrammar.read(
        model, UriComponentsBuilder.newInstance().query(query).build().getQueryParams());
  }
}
