package dev.freshet.sync.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.TableName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelPlanTest {

  private static final Map<String, List<String>> TABLES =
      Map.of(
          "orders",
              List.of(
                  "id",
                  "customer_id",
                  "courier_id",
                  "status",
                  "placed_at",
                  "tags",
                  "amount",
                  "weight",
                  "wide"),
          "order_item", List.of("order_id", "line", "sku", "quantity"),
          "menu_item", List.of("sku", "name", "price"),
          "customer", List.of("id", "name"),
          "courier", List.of("id", "name"),
          "refund", List.of("id", "order_id"),
          "person", List.of("id", "boss_id"));

  @Test
  void changedTableIsInnerJoinedWhatIsNotNeededLeftOutAndHavingIgnored() {
    String select =
        """
        select o.id, coalesce(sum(i.quantity), 0) as dishes
        from orders o
          left join order_item i on i.order_id = o.id
          left join menu_item m on m.sku = i.sku
        where o.status <> 'served' and m.name is null
        group by o.id
        having sum(i.quantity) > 3
        """;
    assertThat(way(select, "orders"))
        .isEqualTo(
            "select touched.\"id\"::text from (select distinct o.id as \"id\" from (CHANGED) as \"o\""
                + " where (o.status <> 'served')) touched");
    assertThat(way(select, "order_item"))
        .contains("from orders o join (CHANGED) as \"i\" on (i.order_id = o.id) where")
        .doesNotContain("menu_item");
    assertThat(way(select, "menu_item"))
        .contains("left join order_item i on (i.order_id = o.id) join (CHANGED) as \"m\"")
        .doesNotContain("m.name is null");
  }

  @Test
  void whatAJoinsConditionMentionsNeedNotBeThere() {
    assertThat(
            way(
                """
                select o.id, count(i.line) as n from orders o
                  left join refund r on r.order_id = o.id
                  left join order_item i on i.order_id = o.id and (r.id is null or i.line = r.id)
                group by o.id
                """,
                "order_item"))
        .contains("left join refund r on");
  }

  @Test
  void columnsOfASubqueryAreFoundByTheirPlaces() {
    String select =
        """
        select s.y as id, s.z from (select o.id, o.customer_id, c.id, c.name
          from orders o join customer c on c.id = o.customer_id) s(w, x, y, z)
        """;
    assertThat(way(select, "customer")).contains("c.id as \"id (column 3)\"");
    assertThat(
            plan(
                    "key: id",
                    "with a as (select o.id from orders o) select a.id from a union all select a.id from a")
                .ways())
        .hasSize(2)
        .allSatisfy(way -> assertThat(way.sql("CHANGED")).contains("with \"a\" as"));
  }

  @Test
  void anItemOfAnOrderWithoutCourierIsFound() {
    assertThat(
            way(
                """
                select o.id, c.name, count(*) as n from orders o
                  left join courier c on c.id = o.courier_id
                  left join order_item i on i.order_id = o.id
                group by o.id, c.name
                """,
                "order_item"))
        .contains("from orders o join (CHANGED) as \"i\"");
  }

  @Test
  void aRowThatHidesOthersByBeingThereIsFound() {
    assertThat(
            way(
                "select o.id from orders o left join refund r on r.order_id = o.id where r.id is null",
                "refund"))
        .doesNotContain("is null");
  }

  @Test
  void keyOfNullExtendedColumnsIsComputedAnewByThePreservedSide() {
    ModelPlan plan =
        plan(
            "key: [customer_id, order_id]",
            "select c.id as customer_id, o.id as order_id from customer c left join orders o on o.customer_id = c.id");
    assertThat(plan.unit()).containsExactly("customer_id");
    assertThat(plan.kept()).isEqualTo("by customer_id");
  }

  @Test
  void tableThatIsReadTwiceHasTwoWays() {
    ModelPlan plan =
        plan("key: id", "select a.id from person a left join person b on b.id = a.boss_id");
    assertThat(plan.ways().stream().map(way -> way.sql("CHANGED")))
        .hasSize(2)
        .anyMatch(sql -> sql.contains("from (CHANGED) as \"a\")"))
        .anyMatch(sql -> sql.contains("from person a join (CHANGED) as \"b\""));
  }

  @Test
  void subqueryInFromIsFollowedByTheColumnsThatItsGroupsHaveInCommon() {
    String select =
        """
        with totals as (select order_id, sum(quantity) as total from order_item group by order_id)
        select o.id, t.total from orders o left join totals t on t.order_id = o.id
        """;
    assertThat(way(select, "order_item"))
        .contains("with \"totals\" as not materialized")
        .contains(
            "(select \"order_id\" as \"order_id\" from (select distinct order_id as \"order_id\" from (CHANGED) as \"order_item\") way) as \"t\"");
    assertThat(plan("key: id", select).select()).contains("totals as  not materialized (select");
    assertThatThrownBy(
            () ->
                plan(
                    "key: id",
                    "select o.id from orders o join (select max(line) as last, sku from order_item group by sku) t on t.last = o.id"))
        .hasMessageContaining("table order_item can't be followed");
  }

  @Test
  void unionIsFollowedBranchByBranch() {
    ModelPlan plan =
        plan(
            "key: id",
            "select o.id, 'o' as kind from orders o union all select c.id, 'c' from customer c");
    assertThat(plan.tables()).extracting(TableName::name).containsExactly("customer", "orders");
    assertThat(plan.ways()).hasSize(2);
  }

  @Test
  void rightJoinPreservesTheOtherSide() {
    String select = "select o.id, c.name from courier c right join orders o on o.courier_id = c.id";
    assertThat(way(select, "courier")).contains("from (CHANGED) as \"c\" join orders o on");
    assertThat(way(select, "orders")).contains("courier c right join (CHANGED) as \"o\"");
    assertThatThrownBy(() -> plan("key: name", select)).hasMessageContaining("table courier can't");
  }

  @Test
  void windowsAreComputedAnewByTheirPartition() {
    String select =
        "select o.id, o.customer_id, row_number() over (partition by o.customer_id order by o.id) as n from orders o";
    assertThat(plan("key: [customer_id, id]", select).unit()).containsExactly("customer_id");
    assertThat(plan("{key: id, scope: customer_id}", select).unit()).containsExactly("customer_id");
    assertThatThrownBy(() -> plan("key: id", select))
        .hasMessageContaining("a window function looks at rows of other keys");
  }

  @Test
  void topOfEachGroupIsFollowedByTheGroup() {
    String select =
        """
        select t.customer_id, t.n, t.id from (
          select o.id, o.customer_id, row_number() over (partition by o.customer_id order by o.id) as n
          from orders o) t
        where t.n <= 3
        """;
    assertThat(plan("key: [customer_id, n]", select).unit()).containsExactly("customer_id");
    assertThat(
            plan(
                    "key: customer_id",
                    "select distinct on (o.customer_id) o.customer_id, o.id from orders o order by o.customer_id, o.id")
                .unit())
        .containsExactly("customer_id");
  }

  @Test
  void whatCannotBeInferredIsAskedForAndDeclaredWaysAreTaken() {
    String select =
        "select o.id, exists (select from refund r where r.order_id = o.id) as refunded from orders o";
    assertThatThrownBy(() -> plan("key: id", select))
        .hasMessageContaining("table refund can't be followed, as it is read by a subquery")
        .hasMessageContaining("affects:\n  refund: select id from …");
    assertThat(
            plan("{key: id, affects: {refund: order_id}}", select).ways().getLast().sql("CHANGED"))
        .isEqualTo(
            "select distinct freshet_changed.\"order_id\"::text from (CHANGED) as freshet_changed");
    assertThat(
            plan(
                    "{key: id, affects: {refund: 'select o.id from orders o where o.id = :order_id'}}",
                    select)
                .ways()
                .getLast()
                .sql("CHANGED"))
        .contains(
            "cross join lateral (select o.id from orders o where o.id = freshet_changed.\"order_id\")");
    assertThat(plan("{key: id, affects: {refund: all}}", select).whole())
        .extracting(TableName::name)
        .containsExactly("refund");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "select o.id from orders o limit 3 | LIMIT depends on rows of other keys",
        "select x.id from nowhere x | there is no table public.nowhere",
        "select max(o.id) as id from orders o | an aggregate without GROUP BY is of all rows",
        "select coalesce(a.id, b.id) as id from orders a full join customer b on a.id = b.id | can't be followed",
        "select o.id from orders o natural join customer | NATURAL JOIN",
        "select l.id from orders o, lateral (select o.id from refund r limit 1) l | read by a LATERAL subquery",
        "select 1 as id | it reads no table",
        "delete from orders | is not a SELECT",
      })
  void whatCannotBeKeptIsRefusedByName(String select, String reason) {
    assertThatThrownBy(() -> plan("key: id", select)).hasMessageContaining(reason);
  }

  @Test
  void keyThatIsNoColumnOfTheResultIsRefused() {
    assertThatThrownBy(() -> plan("key: nr", "select o.id from orders o"))
        .hasMessageContaining("names a column 'nr', and the result has id");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // Sums, counts and extremes of rows that are always there.
        "o.status | count(*) as n, sum(o.amount) as s, min(o.id) as m from orders o group by o.status | orders | true",
        "c.name | sum(o.amount * 2) as s from customer c join orders o on o.customer_id = c.id group by c.name | customer,orders | true",
        // Each order is of one group: distinct orders can be counted order by order.
        "o.status | count(distinct o.id) as n, sum(i.quantity) as s from orders o left join order_item i on i.order_id = o.id group by o.status | order_item,orders | true",
        // Groups are menu items: what hangs on them comes and goes within them.
        "m.sku | m.name, coalesce(sum(i.quantity) filter (where o.status <> 'x'), 0) as s from menu_item m left join order_item i on i.sku = m.sku left join orders o on o.id = i.order_id group by m.sku | order_item,orders | false",
        // An item can't be there without its order, unless the condition lets it.
        "c.id | sum(i.quantity) as s from customer c left join orders o on o.customer_id = c.id left join order_item i on i.order_id = o.id group by c.id | order_item,orders | false",
        "c.id | sum(i.quantity) as s from customer c left join orders o on o.customer_id = c.id left join order_item i on i.order_id = coalesce(o.id, 5) group by c.id | order_item | false",
        "c.id | sum(i.quantity) as s from customer c left join orders o on o.customer_id = c.id left join order_item i on i.order_id = o.id or o.id is null group by c.id | order_item | false",
        // A count of all rows sees the null-extended one.
        "m.sku | count(*) as n from menu_item m left join order_item i on i.sku = m.sku group by m.sku | | ",
        // Not exact, not of a fixed number of digits, not known, not all of a row, in no group.
        "o.status | sum(o.weight) as s from orders o group by o.status | | ",
        "o.status | sum(o.wide) as s from orders o group by o.status | | ",
        "o.status | sum(coalesce(o.amount, 0)) as s from orders o group by o.status | | ",
        "o.status | string_agg(o.status, ',' order by o.id) as s from orders o group by o.status | | ",
        "o.status | count(*) as n from orders o group by o.status having count(*) > 1 | | ",
        "o.status | count(distinct o.customer_id) as n from orders o group by o.status | | ",
        "o.status | o.customer_id, count(*) as n from orders o group by o.status, o.customer_id | | ",
      })
  void groupsAreKeptByDeltaWhereThatIsExact(
      String key, String rest, String tables, Boolean insertable) {
    ModelPlan plan = plan("key: k", "select " + key + " as k, " + rest);
    assertThat(
            plan.deltas()
                .map(
                    d ->
                        d.ways().keySet().stream()
                            .map(TableName::name)
                            .collect(Collectors.joining(",")))
                .orElse(null))
        .isEqualTo(tables);
    assertThat(plan.deltas().map(DeltaPlan::insertable).orElse(null)).isEqualTo(insertable);
  }

  @Test
  void indexesAreWantedForJoinsAndUnits() {
    assertThat(
            plan(
                    "key: hour",
                    "select date_trunc('hour', o.placed_at) as hour, count(*) as n from orders o join order_item i on i.order_id = o.id group by 1")
                .indexes())
        .extracting(WantedIndex::expression)
        .containsExactlyInAnyOrder("\"order_id\"", "\"id\"", "(date_trunc('hour', placed_at))");
  }

  private static String way(String select, String table) {
    return plan("key: id", select).ways().stream()
        .filter(way -> way.table().name().equals(table))
        .map(way -> way.sql("CHANGED"))
        .findFirst()
        .orElseThrow();
  }

  private static TableName table(String name) {
    return new TableName("public", name);
  }

  private static ModelPlan plan(String header, String select) {
    ReadModel model = new Declared("m", "/*\n" + header + "\n*/\n" + select).model();
    Map<TableName, List<String>> columns = new HashMap<>();
    TABLES.forEach((table, names) -> columns.put(new TableName("public", table), names));
    return ModelPlan.of(
        model,
        new ResolvedSelect(model.select(), Map.of(), ""),
        new Relations(
            columns,
            Map.of(
                table("orders"), List.of("id"),
                table("order_item"), List.of("order_id", "line"),
                table("menu_item"), List.of("sku"),
                table("customer"), List.of("id")),
            Map.of(
                table("orders"),
                    Map.of(
                        "id",
                        "integer",
                        "amount",
                        "numeric(10,2)",
                        "weight",
                        "double precision",
                        "wide",
                        "numeric"),
                table("order_item"), Map.of("quantity", "integer")),
            Set.of("min", "sum", "count", "max", "string_agg")),
        Set.of());
  }
}
