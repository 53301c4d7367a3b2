package dev.freshet.sync.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectAnalysisTest {

  private static final String ORDERS =
      """
      select o.id, coalesce(sum(i.quantity), 0) as dishes
      from orders o
        left join order_item i on i.order_id = o.id
        left join menu_item m on m.sku = i.sku
      where o.status <> 'served'
      group by o.id
      having sum(i.quantity) > 3
      """;

  @Test
  void wayFromEachTableLeavesOutWhereAndHaving() {
    assertThat(analysis(ORDERS).affectedKeys())
        .allSatisfy(way -> assertThat(way.sql("CHANGED")).doesNotContain("served", "having"));
  }

  @Test
  void joinsOnTheWayToTheChangedTableAreInnerAndAllOthersStayOuter() {
    assertThat(way(ORDERS, "orders"))
        .isEqualTo(
            "select distinct (o.id)::text from (CHANGED) as \"o\""
                + " left join \"public\".\"order_item\" as \"i\" on i.order_id = o.id"
                + " left join \"public\".\"menu_item\" as \"m\" on m.sku = i.sku");
    assertThat(way(ORDERS, "order_item"))
        .contains("from \"public\".\"orders\" as \"o\" join (CHANGED) as \"i\"")
        .contains(" left join \"public\".\"menu_item\"");
    assertThat(way(ORDERS, "menu_item"))
        .contains(" join \"public\".\"order_item\" as \"i\" on")
        .contains(" join (CHANGED) as \"m\"")
        .doesNotContain("left join");
  }

  @Test
  void tableThatIsNotOnTheWayMayHaveNoRow() {
    String way =
        way(
            """
            select o.id from orders o
              left join courier c on c.id = o.courier_id
              left join order_item i on i.order_id = o.id
            group by o.id
            """,
            "order_item");
    assertThat(way)
        .contains("left join \"public\".\"courier\"")
        .contains(" join (CHANGED) as \"i\"");
  }

  @Test
  void tableThatIsReadTwiceHasTwoWays() {
    assertThat(
            analysis("select a.id from person a left join person b on b.id = a.boss_id")
                .affectedKeys()
                .stream()
                .map(way -> way.sql("CHANGED")))
        .containsExactly(
            "select distinct (a.id)::text from (CHANGED) as \"a\""
                + " left join \"public\".\"person\" as \"b\" on b.id = a.boss_id",
            "select distinct (a.id)::text from \"public\".\"person\" as \"a\""
                + " join (CHANGED) as \"b\" on b.id = a.boss_id");
  }

  @Test
  void indexesAreWantedForJoinsAndForKeyExpressionsOfOneTable() {
    assertThat(
            analysis(
                    """
                    select date_trunc('hour', o.placed_at at time zone 'UTC') as id
                    from orders o left join order_item i on i.order_id = o.id
                    group by 1
                    """)
                .wantedIndexes()
                .stream()
                .map(index -> index.table() + " " + index.expression())
                .collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(
            "public.order_item \"order_id\"",
            "public.orders \"id\"",
            "public.orders (date_trunc('hour', placed_at AT TIME ZONE 'UTC'))");
  }

  @Test
  void modelsOfTheSampleAreUnderstood() {
    assertThat(ModelFiles.read(Path.of("../infra/restaurant/models")))
        .extracting(ReadModel::name)
        .containsExactly("board", "menu", "orders", "sales");
    assertThat(ModelFiles.read(Path.of("../infra/restaurant/models")))
        .allSatisfy(model -> assertThat(SelectAnalysis.of(model).affectedKeys()).isNotEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "select o.id from orders o limit 3|LIMIT",
        "select distinct on (o.id) o.id from orders o|DISTINCT ON",
        "select o.id from orders o full join x on x.id = o.id|FULL JOIN x",
        "select o.id from orders o, x|not an inner or left join",
        "select o.id from orders o cross join x|not an inner or left join",
        "select o.id from (select 1 as id) o|not a table",
        "select o.id from orders o where exists (select 1 from x)|subquery outside FROM",
        "select o.id, (select count(*) from x) as n from orders o|subquery outside FROM",
        "select o.id, rank() over (order by o.id) as r from orders o|other keys",
        "with x as (select 1) select o.id from orders o|WITH",
        "select o.id from orders o union all select o.id from orders o|set operations",
        "select o.nr from orders o|key column 'id'",
        "select coalesce(i.sku, 'none') as id from orders o left join item i on i.order_id = o.id group by 1|outer-joined",
        "select i.id from orders o left join x on x.id = o.x_id join item i on i.id = x.item_id|outer-joined",
        "select count(*) as id from orders o|is an aggregate",
        "select o.id from orders o left join b on b.id = (select max(c.id) from c)|subquery outside FROM",
        "select o.id from orders o where o.placed_at > now()|changes without any row changing",
        "select o.id from orders o where o.placed_at > current_timestamp|changes without any row changing",
        "select o.id, random() as r from orders o|changes without any row changing",
        "select o.id from orders o join x on x.id = nr|which table it is of",
        "select from where|can't be read as SQL",
        "delete from orders|is not a SELECT",
      })
  void whatCannotBeFollowedIsRefusedByName(String select, String why) {
    assertThatThrownBy(() -> analysis(select))
        .isInstanceOf(SyncRefused.class)
        .hasMessageContaining("Model m")
        .satisfies(e -> assertThat(e.getMessage()).containsIgnoringCase(why));
  }

  private static String way(String select, String table) {
    return analysis(select).affectedKeys().stream()
        .filter(way -> way.table().name().equals(table))
        .map(way -> way.sql("CHANGED"))
        .collect(Collectors.joining("\n"));
  }

  private static SelectAnalysis analysis(String select) {
    return SelectAnalysis.of(new ReadModel("m", List.of("id"), null, List.of(), select));
  }
}
