package dev.freshet.sync.inference;

import dev.freshet.sync.model.SyncRefused;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import net.sf.jsqlparser.expression.Expression;
import net.sf.jsqlparser.statement.select.FromItem;
import net.sf.jsqlparser.statement.select.Join;
import net.sf.jsqlparser.statement.select.ParenthesedFromItem;
import net.sf.jsqlparser.statement.select.PlainSelect;
import org.jspecify.annotations.Nullable;

/**
 * The items of a FROM, one joined to all before it, without the brackets around joins.
 *
 * <p>Brackets on the left say what holds without them. On the right of an inner join they can be
 * left out, too: <code>a JOIN (b LEFT JOIN c ON x) ON y</code> is <code>
 * (a CROSS JOIN b) LEFT JOIN c
 * ON x</code> with y as one more condition.
 *
 * @param where conditions of inner joins that moved so
 */
record Joins(List<Item> items, List<Expression> where) {

  /**
   * One item.
   *
   * @param join how it is joined; null for the first
   */
  record Item(FromItem from, @Nullable Join join) {}

  /**
   * Takes a FROM apart.
   *
   * @throws SyncRefused when brackets say what can't be said without them
   */
  static Joins of(PlainSelect select) {
    Joins joins = new Joins(new ArrayList<>(), new ArrayList<>());
    joins.add(select.getFromItem(), null);
    joins.addAll(select.getJoins());
    boolean extendsEarlier =
        joins.items.stream()
            .anyMatch(i -> i.join() != null && (i.join().isRight() || i.join().isFull()));
    if (extendsEarlier && !joins.where.isEmpty()) {
      throw bracketed();
    }
    return joins;
  }

  private void addAll(@Nullable List<Join> joins) {
    for (Join join : Objects.requireNonNullElse(joins, List.<Join>of())) {
      add(join.getFromItem(), join);
    }
  }

  private void add(FromItem item, @Nullable Join join) {
    if (!(item instanceof ParenthesedFromItem brackets) || brackets.getAlias() != null) {
      items.add(new Item(item, join));
      return;
    }
    if (join == null) {
      add(brackets.getFromItem(), null);
      addAll(brackets.getJoins());
      return;
    }
    boolean hasUsing = join.getUsingColumns() != null && !join.getUsingColumns().isEmpty();
    if (join.isLeft() || join.isRight() || join.isFull() || hasUsing) {
      throw bracketed();
    }
    int before = items.size();
    Join cross = new Join();
    cross.setCross(true);
    cross.setFromItem(brackets.getFromItem());
    add(brackets.getFromItem(), cross);
    addAll(brackets.getJoins());
    boolean extendsEarlier =
        items.subList(before, items.size()).stream()
            .anyMatch(i -> i.join() != null && (i.join().isRight() || i.join().isFull()));
    if (extendsEarlier) {
      throw bracketed();
    }
    where.addAll(join.getOnExpressions());
  }

  private static SyncRefused bracketed() {
    return new SyncRefused(
        "an outer join of joined tables can't be followed; write these as a subquery in FROM, with a name");
  }
}
