package dev.freshet.sync.query;

import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** What a FROM joins, as a tree. */
public sealed interface From {

  String sql();

  /** The aliases of its items. */
  default Set<String> aliases() {
    Set<String> aliases = new LinkedHashSet<>();
    forEachItem(item -> aliases.add(item.alias()));
    return aliases;
  }

  /** The items, from left to right. */
  default List<Item> items() {
    List<Item> items = new ArrayList<>();
    forEachItem(items::add);
    return items;
  }

  void forEachItem(Consumer<Item> each);

  /** The conditions of its joins. */
  default List<Expression> conditions() {
    return List.of();
  }

  /** One item, with an alias. */
  sealed interface Item extends From {

    String alias();

    /** The names of its columns; empty where nobody knows them. */
    List<String> columns();

    /** The columns of other items, or of queries around it, that it mentions: it is lateral. */
    Set<ColumnRef> mentioned();

    @Override
    default void forEachItem(Consumer<Item> each) {
      each.accept(this);
    }

    /** The alias as SQL, with names for columns where they have others. */
    String named();
  }

  /**
   * A table.
   *
   * @param columns as the query names them
   * @param stored as the table has them
   */
  record Table(String alias, TableName name, List<String> columns, List<String> stored)
      implements Item {

    public Table {
      columns = List.copyOf(columns);
      stored = List.copyOf(stored);
    }

    @Override
    public Set<ColumnRef> mentioned() {
      return Set.of();
    }

    @Override
    public String named() {
      return columns.equals(stored) ? TableName.quoted(alias) : From.named(alias, columns);
    }

    @Override
    public String sql() {
      return name.quoted() + " " + named();
    }

    /** The name that the table has for a column of the query. */
    public String storedName(String column) {
      return stored.get(columns.indexOf(column));
    }
  }

  /** A subquery, or what WITH names. */
  record Derived(String alias, List<String> columns, Query query) implements Item {

    public Derived {
      columns = List.copyOf(columns);
    }

    /** Whether it mentions other items. */
    public boolean isLateral() {
      return !query.outer().isEmpty();
    }

    @Override
    public Set<ColumnRef> mentioned() {
      return query.outer();
    }

    @Override
    public String named() {
      return columns.isEmpty() ? TableName.quoted(alias) : From.named(alias, columns);
    }

    @Override
    public String sql() {
      return (isLateral() ? "lateral (" : "(") + query.sql() + ") " + named();
    }
  }

  /**
   * What is not looked into: a function, a recursive WITH.
   *
   * @param text as SQL, without the alias
   * @param definitions what stands behind the alias in brackets; empty where there is nothing
   * @param tables that it reads
   * @param what it is, for people
   */
  record Opaque(
      String alias,
      List<String> columns,
      Expression text,
      String definitions,
      Set<TableName> tables,
      String what)
      implements Item {

    public Opaque {
      columns = List.copyOf(columns);
      tables = Set.copyOf(tables);
    }

    @Override
    public Set<ColumnRef> mentioned() {
      return text.columns();
    }

    @Override
    public String named() {
      return TableName.quoted(alias) + definitions;
    }

    @Override
    public String sql() {
      return (text.columns().isEmpty() ? "" : "lateral ") + text.sql() + " " + named();
    }
  }

  /** How two sides are joined. */
  enum Kind {
    INNER("join"),
    LEFT("left join"),
    RIGHT("right join"),
    FULL("full join");

    private final String sql;

    Kind(String sql) {
      this.sql = sql;
    }

    String sql() {
      return sql;
    }

    /** Whether rows of the left side are there without a partner, too. */
    public boolean preservesLeft() {
      return this == LEFT || this == FULL;
    }

    /** Whether rows of the right side are there without a partner, too. */
    public boolean preservesRight() {
      return this == RIGHT || this == FULL;
    }
  }

  /**
   * A join.
   *
   * @param on its conjuncts; none for a cross join and for USING
   * @param using columns that both sides have; empty without USING
   */
  record Join(From left, From right, Kind kind, List<Expression> on, List<String> using)
      implements From {

    public Join {
      on = List.copyOf(on);
      using = List.copyOf(using);
    }

    @Override
    public void forEachItem(Consumer<Item> each) {
      left.forEachItem(each);
      right.forEachItem(each);
    }

    @Override
    public List<Expression> conditions() {
      List<Expression> all = new ArrayList<>(left.conditions());
      all.addAll(right.conditions());
      all.addAll(on);
      return all;
    }

    @Override
    public String sql() {
      return sql(left.sql(), kind, right.sql(), on, using);
    }

    /** A join as SQL. */
    public static String sql(
        String left, Kind kind, String right, List<Expression> on, List<String> using) {
      String condition =
          using.isEmpty()
              ? on.isEmpty()
                  ? "on true"
                  : on.stream()
                      .map(one -> "(" + one.sql() + ")")
                      .collect(Collectors.joining(" and ", "on ", ""))
              : using.stream()
                  .map(TableName::quoted)
                  .collect(Collectors.joining(", ", "using (", ")"));
      return "(%s %s %s %s)".formatted(left, kind.sql(), right, condition);
    }
  }

  private static String named(String alias, List<String> columns) {
    return TableName.quoted(alias)
        + columns.stream().map(TableName::quoted).collect(Collectors.joining(", ", "(", ")"));
  }

  /** The tables that its items read. */
  default Set<TableName> tables() {
    Set<TableName> tables = new TreeSet<>();
    for (Item item : items()) {
      switch (item) {
        case Table table -> tables.add(table.name());
        case Derived derived -> tables.addAll(derived.query().tables());
        case Opaque opaque -> tables.addAll(opaque.tables());
      }
    }
    return tables;
  }
}
