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

  private static final Model ORDERS =
      new Model(
          "orders",
          new LinkedHashMap<>(Map.of("id", "uuid", "status", "text", "total", "numeric(10,2)")),
          List.of("id"),
          "version");

  @Test
  void everyOperatorBecomesItsConditionWithItsValueBound() {
    SelectStatement statement =
        statement(
            "status=eq.a&status=neq.b&total=gt.1&total=gte.2&total=lt.3&total=lte.4&status=in.(x,\"y,z\")"
                + "&status=is.null&status=like.a*&status=not.ilike.*b&id=not.is.not_null");
    assertThat(statement.sql())
        .contains("\"status\" = ?::text and \"status\" <> ?::text")
        .contains("\"total\" > ?::numeric(10,2) and \"total\" >= ?::numeric(10,2)")
        .contains("\"total\" < ?::numeric(10,2) and \"total\" <= ?::numeric(10,2)")
        .contains("\"status\" in (?::text, ?::text)")
        .contains("\"status\" is null and \"status\" like ?::text")
        .contains("not (\"status\" ilike ?::text)")
        .contains("not (\"id\" is not null)");
    assertThat(statement.values())
        .containsExactlyInAnyOrder("a", "b", "1", "2", "3", "4", "x", "y,z", "a%", "%b");
  }

  @Test
  void rowsAreSortedByTheKeyLastSoThatEveryCopyAnswersAlike() {
    assertThat(statement("select=id,total&order=total.desc.nullslast,status&offset=5").sql())
        .isEqualTo(
            "select \"id\", \"total\" from read.\"orders\""
                + " order by \"total\" desc nulls last, \"status\", \"id\" limit 10 offset 5");
  }

  @Test
  void emptyListMatchesNothing() {
    assertThat(statement("status=in.()").sql()).contains("where false");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "colour=eq.red|UNKNOWN_COLUMN|'colour'",
        "select=id,colour|UNKNOWN_COLUMN|'colour'",
        "select=items(sku)|UNKNOWN_COLUMN|'items(sku)'",
        "order=colour|UNKNOWN_COLUMN|'colour'",
        "status=placed|UNKNOWN_OPERATOR|'placed'",
        "status=fts.placed|UNKNOWN_OPERATOR|'fts'",
        "status=not.cs.x|UNKNOWN_OPERATOR|'cs'",
        "or=(status.eq.a,status.eq.b)|UNKNOWN_OPERATOR|'or'",
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
