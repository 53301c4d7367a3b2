package dev.freshet.sync.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.Relations;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    assertThat(way(select, "order_item"))
        .contains(
            "(\"public\".\"orders\" \"o\" join \"freshet changed rows\" as \"i\" on (i.order_id = o.id)) where (o.status <> 'served')")
        .doesNotContain("menu_item")
        .doesNotContain("> 3");
    assertThat(way(select, "menu_item"))
        .contains("left join \"public\".\"order_item\" \"i\" on (i.order_id = o.id)) join")
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
        .contains("left join \"public\".\"refund\" \"r\" on");
  }

  @Test
  void tableThatIsReadTwiceHasTwoWays() {
    ModelPlan plan =
        plan("key: id", "select a.id from person a left join person b on b.id = a.boss_id");
    assertThat(plan.ways()).hasSize(2);
  }

  @Test
  void changedRowsAreGivenOnceHoweverOftenTheyAreMentioned() {
    ModelPlan plan =
        plan(
            "key: id",
            "select o.id, row_number() over (partition by o.customer_id order by o.id) as n from orders o");
    assertThat(plan.ways().getFirst().sql("CHANGED"))
        .startsWith("with \"freshet changed rows\" as (CHANGED) select");
    assertThat(plan.ways().getFirst().sql("CHANGED").split("CHANGED", -1)).hasSize(2);
  }

  /** What is not said is found for the key itself, and nothing is recomputed as a whole. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "id | by key | select o.id, c.name from orders o left join customer c on c.id = o.customer_id",
        "id | by key | select o.id, c.name from courier c right join orders o on o.courier_id = c.id",
        "customer_id, order_id | by key | select c.id as customer_id, o.id as order_id from customer c left join orders o on o.customer_id = c.id",
        "id | by key | select coalesce(o.id, r.order_id) as id from orders o full join refund r on r.order_id = o.id",
        "id | by key | select o.id, exists (select from refund r where r.order_id = o.id) as refunded from orders o",
        "id | by key | select o.id from orders o where o.id not in (select r.order_id from refund r where r.order_id = o.id)",
        "id | by key | select o.id, (select max(r.id) from refund r where r.order_id = o.id) as last from orders o",
        "id | by key | select o.id, array(select r.id from refund r where r.order_id = o.id order by r.id) as all from orders o",
        "id | by key | select o.id, l.line from orders o left join lateral (select i.line from order_item i where i.order_id = o.id order by i.line desc limit 1) l on true",
        "id | by key | select o.id, x.n from orders o cross join lateral generate_series(1, o.id) x(n)",
        "id | by key | with t as (select order_id, sum(quantity) as total from order_item group by order_id) select o.id, t.total from orders o left join t on t.order_id = o.id",
        "id | by key | select o.id from orders o union all select c.id from customer c",
        "id | by key | select q.id from (select o.*, row_number() over (partition by o.customer_id order by o.id desc) as rn from orders o) q where rn = 1",
        "customer_id | by key | select q.id, q.customer_id from (select o.*, row_number() over (partition by o.customer_id order by o.id desc) as rn from orders o) q where rn = 1",
        "customer_id, id | by customer_id | select o.id, o.customer_id, row_number() over (partition by o.customer_id order by o.id) as n from orders o",
        "id | by key | select o.id, row_number() over w as n from orders o window w as (partition by o.customer_id order by o.id)",
        "id | by key | select distinct on (o.customer_id) o.id from orders o order by o.customer_id, o.id",
        "k, n | by k | select o.status as k, count(*) as n from orders o group by rollup (o.status)",
        "id | by key | select o.id from ((orders o join customer c on c.id = o.customer_id) left join refund r on r.order_id = o.id)",
        "id | by key | select o.id, v.name from orders o join (values (1, 'a'), (2, 'b')) v(id, name) on v.id = o.id",
        "id | by key | select o.id from orders o left join refund r using (id)",
      })
  void rowsAreFoundByTheirKey(String key, String kept, String select) {
    ModelPlan plan = plan("key: [" + key + "]", select);
    assertThat(plan.signals()).isEmpty();
    assertThat(plan.kept()).isEqualTo(kept);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "whole | select o.id from orders o order by o.id limit 3",
        "whole | select max(o.id) as id from orders o",
        "whole | select o.id, row_number() over (order by o.id) as n from orders o",
        "by key; whole when refund changes | select o.id, (select count(*) from refund r) as n from orders o",
        "by key; whole when order_item changes | select o.id from orders o join (select max(line) as last, sku from order_item group by sku) t on t.last = o.id",
        "by key; whole when person changes | with recursive up(id, boss) as (select p.id, p.boss_id from person p union all select u.id, p.boss_id from up u join person p on p.id = u.boss) select o.id from orders o join up on up.id = o.id",
      })
  void whatDependsOnAllRowsIsRecomputedAsAWhole(String kept, String select) {
    assertThat(plan("key: id", select).kept()).isEqualTo(kept);
  }

  @Test
  void partitionsOfDifferentWindowsAreAllFollowed() {
    ModelPlan plan =
        plan(
            "key: id",
            """
            select o.id, sum(o.amount) over (partition by o.customer_id) as a,
              sum(o.amount) over (partition by o.courier_id) as b from orders o
            """);
    assertThat(plan.ways().getFirst().sql("CHANGED"))
        .contains("(o.customer_id) = \"freshet touched\".p0")
        .contains("(o.courier_id) = \"freshet touched\".p0");
  }

  @Test
  void declaredWaysAreTakenInsteadOfInferredOnes() {
    String select =
        "select o.id, exists (select from refund r where r.order_id = o.id) as refunded from orders o";
    assertThat(
            plan("{key: id, affects: {refund: order_id}}", select).ways().getLast().sql("CHANGED"))
        .endsWith(
            "select distinct freshet_changed.\"order_id\"::text from \"freshet changed rows\" as freshet_changed");
    assertThat(
            plan(
                    "{key: id, affects: {refund: 'select o.id from orders o where o.id = :order_id'}}",
                    select)
                .ways()
                .getLast()
                .sql("CHANGED"))
        .contains(
            "cross join lateral (select o.id from orders o where o.id = freshet_changed.\"order_id\")");
    assertThat(plan("{key: id, affects: {refund: all}}", select).kept())
        .isEqualTo("by key; whole when refund changes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "o.id | select o.id, row_number() over (partition by o.customer_id order by o.placed_at) as n from orders o",
        "o.id | select o.id, lag(o.amount) over (order by o.status) as n from orders o",
        "o.id | select o.id, sum(o.amount) over (order by o.status rows 2 preceding) as n from orders o",
        "o.id | select distinct on (o.customer_id) o.id, o.status from orders o order by o.customer_id, o.placed_at",
        "o.id | select o.id, o.status from orders o order by o.status limit 3",
        "i.line, i.order_id | select o.id, string_agg(i.sku, ',' order by i.quantity) as s from orders o join order_item i on i.order_id = o.id group by o.id",
        "r.id | select o.id, array(select r.order_id from refund r order by r.id = 3) as s from orders o",
        "o.id | select o.id, l.id as other from customer o left join lateral (select o.id from orders o order by o.placed_at limit 1) l on true",
        "o.id | select distinct o.status as id, first_value(o.id) over (partition by o.status order by o.placed_at desc) as newest from orders o",
        "o.id | select o.status as id, lag(o.id) over (order by o.status) as n from orders o",
        "id | select o.id, o.status from orders o union all select c.id, c.name from customer c order by status limit 3",
        "s.n | select s.id, s.n, row_number() over (order by s.id) as r from (select o.status as id, count(*) as n from orders o group by o.status, o.courier_id) s where s.n > 1",
      })
  void ordersWithTiesThatDecideAreRefusedWithWhatBreaksThem(String breaks, String select) {
    assertThatThrownBy(() -> plan("key: id", select))
        .hasMessageContaining("has ties")
        .hasMessageContaining("end its ORDER BY with " + breaks);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select o.id, rank() over (order by o.status) as n, sum(o.amount) over (order by o.status) as s from orders o",
        "select o.id, row_number() over (partition by o.customer_id order by o.placed_at, o.id) as n from orders o",
        "select o.status as id, row_number() over (order by o.status) as n from orders o group by o.status",
        "select distinct on (o.customer_id) o.customer_id as id, o.status from orders o order by o.customer_id, o.status",
        "select o.status as id from orders o order by o.status limit 3",
        "select o.id, string_agg(i.sku, ',' order by i.sku) as s from orders o join order_item i on i.order_id = o.id group by o.id",
        "select o.id, string_agg(m.name, ',' order by i.line) as s from orders o left join order_item i on i.order_id = o.id left join menu_item m on m.sku = i.sku group by o.id",
        "select o.id, l.sku from orders o left join lateral (select i.sku from order_item i where i.order_id = o.id order by i.line desc limit 1) l on true",
        "select t.id, row_number() over (order by t.id) as n from (select o.customer_id as id, count(*) as c from orders o group by o.customer_id) t",
      })
  void ordersWhoseTiesDecideNothingAreAccepted(String select) {
    assertThat(plan("key: id", select).tables()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "select x.id from nowhere x | there is no table public.nowhere",
        "select o.id from orders o natural join customer | NATURAL JOIN",
      })
  void whatCannotBeKeptIsRefusedByName(String select, String reason) {
    assertThatThrownBy(() -> plan("key: id", select)).hasMessageContaining(reason);
  }

  @Test
  void resultOfOneRowIsRecomputedWithAnyChange() {
    ModelPlan plan = plan("key: none", "select count(*) as n, max(o.id) as latest from orders o");
    assertThat(plan.unit()).isEmpty();
    assertThat(plan.ways()).isEmpty();
    assertThat(plan.kept()).isEqualTo("whole");
    assertThat(plan("key: none", "select o.id from orders o where o.id = 1").because())
        .containsValue("the result is one row");
    assertThatThrownBy(
            () -> plan("key: none\naffects:\n  orders: id", "select count(*) as n from orders o"))
        .hasMessageContaining("Write all, or leave it out");
    assertThatThrownBy(() -> plan("key: none\nscope: n", "select count(*) as n from orders o"))
        .hasMessageContaining("Leave the scope out");
  }

  @Test
  void selectWithoutATableIsConstant() {
    assertThat(plan("key: id", "select 1 as id").kept()).isEqualTo("constant");
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
        // What is null without an item may not be true then.
        "m.sku | count(*) filter (where i.line is null) as n from menu_item m left join order_item i on i.sku = m.sku group by m.sku | | ",
        "m.sku | count(i.line) filter (where i.quantity is distinct from 3) as n from menu_item m left join order_item i on i.sku = m.sku group by m.sku | order_item | false",
        "m.sku | sum(coalesce(i.quantity, 1)) as n from menu_item m left join order_item i on i.sku = m.sku group by m.sku | | ",
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
        new ResolvedSelect(model.select(), Map.of(), Set.of(), ""),
        new Relations(
            columns,
            Map.of(
                table("orders"), List.of("id"),
                table("order_item"), List.of("order_id", "line"),
                table("menu_item"), List.of("sku"),
                table("customer"), List.of("id"),
                table("refund"), List.of("id"),
                table("person"), List.of("id")),
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
            Map.of(),
            Set.of("min", "sum", "count", "max", "string_agg", "avg")),
        Set.of());
  }
}
