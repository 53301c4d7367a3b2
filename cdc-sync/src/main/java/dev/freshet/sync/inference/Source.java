package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.sql.SqlTokens;
import java.util.List;
import java.util.Set;

/**
 * One item of a FROM.
 *
 * @param alias under which its columns are named
 * @param relation what it is
 * @param text the item as SQL, with its alias
 * @param join how it is joined to those before it
 * @param conditions the conjuncts of its ON
 * @param using the clause with USING, or empty
 * @param needs the aliases that its conditions, or itself when lateral, mention besides its own
 * @param nullable whether there may be rows without it: nulls stand in its columns there
 */
record Source(
    String alias,
    Relation relation,
    String text,
    Join join,
    List<Condition> conditions,
    String using,
    Set<String> needs,
    boolean nullable) {

  enum Join {
    FIRST,
    INNER,
    LEFT,
    RIGHT,
    FULL
  }

  /** What is joined. */
  sealed interface Relation {

    List<String> columns();

    /** A table. */
    record Table(TableName name, List<String> columns) implements Relation {}

    /** A subquery or a common table expression. */
    record Derived(Query query, List<String> columns) implements Relation {}

    /**
     * What is not looked into: a LATERAL subquery, a function, VALUES.
     *
     * @param tables the tables that it mentions, and that can't be followed therefore
     */
    record Opaque(Set<TableName> tables, List<String> columns, String what) implements Relation {}
  }

  /**
   * A condition or an expression with what it mentions.
   *
   * @param text as SQL
   * @param columns what it mentions, by alias
   */
  record Condition(String text, Set<ColumnRef> columns) {

    boolean mentions(String alias) {
      return columns.stream().anyMatch(column -> column.alias().equals(alias));
    }

    /** The text without what its subqueries say. */
    String ownText() {
      return SqlTokens.withoutSubqueries(text);
    }

    boolean hasSubquery() {
      return SqlTokens.hasWord(text, "select");
    }
  }

  /** A column of an item. */
  record ColumnRef(String alias, String column) {}
}
