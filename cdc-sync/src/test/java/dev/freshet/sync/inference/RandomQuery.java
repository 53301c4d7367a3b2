package dev.freshet.sync.inference;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Random SELECTs over tables {@code a}, {@code b} and {@code c}, each with the columns {@code id},
 * {@code g}, {@code x} and {@code y}, all of them whole numbers. Each SELECT has one result over
 * the same rows.
 */
public final class RandomQuery {

  /** The tables' names. */
  public static final List<String> TABLES = List.of("a", "b", "c");

  /** The columns' names. */
  public static final List<String> COLUMNS = List.of("id", "g", "x", "y");

  private final Random random;
  private int aliases;

  /** SELECTs by these choices. */
  public RandomQuery(Random random) {
    this.random = random;
  }

  /** An item of FROM with the columns that can be asked of it. */
  private record Item(String sql, String alias, List<String> columns) {

    String column(String name) {
      return alias + "." + name;
    }
  }

  /** A SELECT whose columns are called {@code c0}, {@code c1} and so on. */
  public String next() {
    aliases = 0;
    return query(2, List.of());
  }

  /** A table's columns in any of the types of numbers that can be compared with each other. */
  public static String schema(String table, Random random) {
    List<String> types = List.of("int", "int", "bigint", "smallint", "numeric", "numeric(9,2)");
    return "create table %s (%s, primary key (id))"
        .formatted(
            table,
            COLUMNS.stream()
                .map(column -> column + " " + types.get(random.nextInt(types.size())))
                .collect(Collectors.joining(", ")));
  }

  /** The first choice is the simple one. */
  private boolean oneIn(int n) {
    return random.nextInt(n) == n - 1;
  }

  private <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private String query(int depth, List<Item> around) {
    if (depth > 0 && oneIn(8)) {
      int columns = 1 + random.nextInt(2);
      String operator =
          any(List.of("union", "union all", "intersect", "except", "except all", "intersect all"));
      return "(%s) %s (%s)"
          .formatted(
              select(depth - 1, around, columns), operator, select(depth - 1, around, columns));
    }
    if (depth > 1 && oneIn(8)) {
      String name = "w" + aliases++;
      int columns = 1 + random.nextInt(3);
      String body = select(depth - 1, List.of(), columns);
      Item item = new Item(name, name, names(columns));
      return "with %s as %s(%s) select %s, count(*) as n from %s join %s as other on other.c0 = %s.c0 group by %s"
          .formatted(
              name,
              oneIn(2) ? "" : "materialized ",
              body,
              item.column("c0") + " as c0",
              name,
              name,
              name,
              item.column("c0"));
    }
    return select(depth, around, 1 + random.nextInt(3));
  }

  private static List<String> names(int columns) {
    return IntStream.range(0, columns).mapToObj(i -> "c" + i).toList();
  }

  private String select(int depth, List<Item> around, int columns) {
    List<Item> items = new ArrayList<>();
    String from = from(depth, items, around);
    List<Item> scope = new ArrayList<>(around);
    scope.addAll(items);
    String where = oneIn(3) ? "" : " where " + condition(depth, items, scope);
    return switch (random.nextInt(9)) {
      case 0, 1 -> grouped(columns, items, from + where);
      case 2 ->
          "select distinct %s from %s".formatted(list(columns, items, depth, scope), from + where);
      case 3 -> {
        String by = column(items);
        yield "select distinct on (%s) %s from %s order by %s, %s"
            .formatted(by, list(columns, items, depth, scope), from + where, by, everything(items));
      }
      case 4 -> {
        String by = oneIn(5) ? "" : "partition by " + column(items) + " ";
        String function =
            any(
                List.of(
                    "row_number() over (%sorder by %s)",
                    "sum(" + column(items) + ") over (%sorder by %s)",
                    "lag(" + column(items) + ") over (%sorder by %s)"));
        String window = function.formatted(by, everything(items));
        yield columns == 1
            ? "select %s as c0 from %s".formatted(window, from + where)
            : "select %s, %s as c%d from %s"
                .formatted(
                    list(columns - 1, items, depth, scope), window, columns - 1, from + where);
      }
      case 5 ->
          oneIn(2)
              ? "select %s from %s order by %s limit %d"
                  .formatted(
                      list(columns, items, depth, scope),
                      from + where,
                      everything(items),
                      1 + random.nextInt(3))
              : plain(columns, items, from + where, depth, scope);
      default -> plain(columns, items, from + where, depth, scope);
    };
  }

  private String plain(int columns, List<Item> items, String from, int depth, List<Item> scope) {
    return "select %s from %s".formatted(list(columns, items, depth, scope), from);
  }

  private String grouped(int columns, List<Item> items, String from) {
    String aggregate =
        any(
            List.of(
                "count(*)",
                "count(distinct " + column(items) + ")",
                "sum(" + column(items) + ")",
                "max(" + column(items) + ") filter (where " + column(items) + " > 1)",
                "array_agg(" + column(items) + " order by " + everything(items) + ")::text"));
    if (columns == 1) {
      return "select %s as c0 from %s".formatted(aggregate, from);
    }
    List<String> by =
        IntStream.range(0, columns - 1).mapToObj(i -> column(items)).distinct().toList();
    String list =
        IntStream.range(0, columns - 1)
            .mapToObj(i -> by.get(i % by.size()) + " as c" + i)
            .collect(Collectors.joining(", "));
    String sets =
        oneIn(6)
            ? any(List.of("rollup (%s)", "cube (%s)", "grouping sets ((%s), ())"))
                .formatted(String.join(", ", by))
            : String.join(", ", by);
    String having = oneIn(3) ? " having count(*) > " + random.nextInt(3) : "";
    return "select %s, %s as c%d from %s group by %s%s"
        .formatted(list, aggregate, columns - 1, from, sets, having);
  }

  private String list(int columns, List<Item> items, int depth, List<Item> scope) {
    List<String> list = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      list.add(value(items, depth, scope) + " as c" + i);
    }
    return String.join(", ", list);
  }

  private String value(List<Item> items, int depth, List<Item> scope) {
    return switch (random.nextInt(12)) {
      case 0 -> "coalesce(%s, %s)".formatted(column(items), column(items));
      case 1 -> "(%s + 1)".formatted(column(items));
      case 2 ->
          depth > 0
              ? "(select %s from (%s) q%d)"
                  .formatted(
                      any(List.of("count(*)", "max(c0::text)", "min(c0::text)")),
                      select(depth - 1, scope, 1),
                      aliases++)
              : column(items);
      case 3 ->
          depth > 0 ? "(exists (%s))::int".formatted(select(depth - 1, scope, 1)) : column(items);
      case 4 ->
          depth > 0
              ? "(array(select c0::text from (%s) q%d order by 1))::text"
                  .formatted(select(depth - 1, scope, 1), aliases++)
              : column(items);
      default -> column(items);
    };
  }

  private String column(List<Item> items) {
    Item item = any(items);
    return item.column(any(item.columns()));
  }

  private static String everything(List<Item> items) {
    return items.stream()
        .flatMap(item -> item.columns().stream().map(item::column))
        .collect(Collectors.joining(", "));
  }

  private String from(int depth, List<Item> items, List<Item> around) {
    String from = item(depth, items, List.of());
    int joins = random.nextInt(depth + 1) + (oneIn(2) ? 1 : 0);
    for (int i = 0; i < joins; i++) {
      List<Item> before = List.copyOf(items);
      boolean lateral = depth > 0 && oneIn(5);
      if (lateral) {
        List<Item> visible = new ArrayList<>(around);
        visible.addAll(before);
        String alias = "l" + aliases++;
        String body = select(depth - 1, visible, 2);
        items.add(new Item("", alias, names(2)));
        from =
            "%s %s lateral (%s) %s(c0, c1) on true"
                .formatted(from, any(List.of("join", "left join")), body, alias);
        continue;
      }
      if (oneIn(8)) {
        String alias = "f" + aliases++;
        String argument = column(before);
        items.add(new Item("", alias, List.of("n")));
        from =
            "%s cross join lateral generate_series(1, least(%s, 3)) as %s(n)"
                .formatted(from, argument, alias);
        continue;
      }
      List<Item> right = new ArrayList<>();
      String other = item(depth, right, List.of());
      if (oneIn(5)) {
        List<Item> more = new ArrayList<>();
        String third = item(depth, more, List.of());
        String kind = kind();
        String on = on(kind, right, more);
        right.addAll(more);
        other = "(%s %s %s on %s)".formatted(other, kind, third, on);
      }
      String kind = kind();
      String on = on(kind, before, right);
      items.addAll(right);
      from = "%s %s %s on %s".formatted(from, kind, other, on);
    }
    return from;
  }

  private String kind() {
    return any(List.of("join", "join", "left join", "left join", "right join", "full join"))
        .replace("full join", oneIn(2) ? "full join" : "left join");
  }

  /** PostgreSQL has full joins by equality only. */
  private String on(String kind, List<Item> left, List<Item> right) {
    String equality = column(left) + " = " + column(right);
    if (kind.equals("full join")) {
      return equality;
    }
    return switch (random.nextInt(5)) {
      case 0 -> equality + " and " + column(right) + " > " + random.nextInt(3);
      case 1 -> column(left) + " is not distinct from " + column(right);
      default -> equality;
    };
  }

  private String item(int depth, List<Item> items, List<Item> around) {
    if (depth > 0 && oneIn(4)) {
      String alias = "d" + aliases++;
      int columns = 1 + random.nextInt(2);
      String body = query(depth - 1, around, columns);
      items.add(new Item("", alias, names(columns)));
      return "(%s) %s".formatted(body, alias);
    }
    if (oneIn(15)) {
      String alias = "v" + aliases++;
      items.add(new Item("", alias, names(2)));
      return "(values (1, 2), (2, 0), (3, null)) %s(c0, c1)".formatted(alias);
    }
    String alias = "t" + aliases++;
    items.add(new Item("", alias, COLUMNS));
    return "%s %s".formatted(any(TABLES), alias);
  }

  private String query(int depth, List<Item> around, int columns) {
    return oneIn(6)
        ? "(%s) union all (%s)".formatted(select(0, around, columns), select(0, around, columns))
        : select(depth, around, columns);
  }

  private String condition(int depth, List<Item> items, List<Item> scope) {
    return switch (random.nextInt(9)) {
      case 0 -> column(items) + " is null";
      case 1 -> column(items) + " = " + column(scope);
      case 2 ->
          depth > 0
              ? "%sexists (%s)".formatted(oneIn(2) ? "not " : "", correlated(depth - 1, scope))
              : column(items) + " > 1";
      case 3 ->
          depth > 0
              ? "%s %sin (select c0::int from (%s) q%d)"
                  .formatted(
                      column(items),
                      oneIn(2) ? "not " : "",
                      correlated(depth - 1, scope).replace("::text", ""),
                      aliases++)
              : column(items) + " < 3";
      case 4 -> "(%s > 1 or %s is null)".formatted(column(items), column(items));
      case 6 -> column(items) + " is null and " + column(items) + " is null";
      case 5 -> condition(0, items, scope) + " and " + condition(depth, items, scope);
      default -> column(items) + " > " + random.nextInt(3);
    };
  }

  private String correlated(int depth, List<Item> scope) {
    List<Item> items = new ArrayList<>();
    String from = from(Math.min(depth, 1), items, scope);
    return "select %s as c0 from %s where %s = %s"
        .formatted(column(items), from, column(items), column(scope));
  }
}
