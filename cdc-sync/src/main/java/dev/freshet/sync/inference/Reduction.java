package dev.freshet.sync.inference;

import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.ColumnRef;
import dev.freshet.sync.query.Expression;
import dev.freshet.sync.query.From;
import dev.freshet.sync.query.From.Join;
import dev.freshet.sync.query.From.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A FROM in which one item is reduced to the rows that a change touches.
 *
 * <p>Joined rows that hold a touched row are found when no join on the way to the item keeps rows
 * without it: the side with the item is inner-joined, or preserved if it was.
 *
 * <p>Where the item is outer-joined, a touched row that comes or goes also takes away, or brings
 * back, the row in which nulls stand for its side. Such a row has the same values in all other
 * columns, except those of items that are joined by columns of that side: so either only these
 * other columns are asked for ({@link Form#changing}), or the rows with nulls are asked for as well
 * ({@link #withNulls}).
 */
final class Reduction {

  /** More joins of this kind on the way would double the query each. */
  private static final int MOST_NULLABLE_JOINS = 2;

  private final Reduced reduced;

  /** Aliases of which columns are asked for. */
  private final Set<String> asked;

  /** These, and what is there for them. */
  private final Set<String> needed;

  /** Aliases whose columns may change with the item's rows, wherever they are joined. */
  private final Set<String> alsoChanging;

  /** Aliases that are left out although a join mentions them. */
  private final Set<String> leftOut = new HashSet<>();

  private boolean withNulls;
  private boolean failed;

  /**
   * A FROM with the reduced item in it.
   *
   * @param sql the FROM
   * @param vanishes whether all of a joined row comes and goes with the item
   * @param changing aliases whose columns may have other values in a row that stays
   */
  record Form(String sql, boolean vanishes, Set<String> changing) {

    Form {
      changing = Set.copyOf(changing);
    }
  }

  private Reduction(From from, Reduced reduced, Set<ColumnRef> asked) {
    this.reduced = reduced;
    this.asked = aliases(asked);
    this.needed = needed(from, reduced, asked);
    this.alsoChanging = Monotony.alsoHidden(from, reduced);
  }

  /**
   * Reduces a FROM.
   *
   * @param asked the columns that the result is asked for
   * @return empty when nothing would join the item to the others
   */
  static Optional<Form> of(From from, Reduced reduced, Set<ColumnRef> asked) {
    Reduction reduction = new Reduction(from, reduced, asked);
    List<Form> forms = reduction.forms(from);
    return reduction.failed ? Optional.empty() : Optional.of(forms.getFirst());
  }

  /**
   * The same, with the rows in which nulls stand for the item's side.
   *
   * @return several whose rows belong together; empty when that would be too many
   */
  static List<Form> withNulls(From from, Reduced reduced, Set<ColumnRef> asked) {
    Reduction reduction = new Reduction(from, reduced, asked);
    reduction.withNulls = true;
    List<Form> forms = reduction.forms(from);
    return reduction.failed || forms.size() > 1 << MOST_NULLABLE_JOINS ? List.of() : forms;
  }

  /** The FROM without outer-joined items that nobody asks for. */
  static String pruned(From from, Set<ColumnRef> asked) {
    Reduced none =
        new Reduced(
            from.items().getFirst(),
            new TableName("", ""),
            "",
            Set.copyOf(from.items().getFirst().columns()));
    return new Reduction(from, none, asked).plain(from);
  }

  /** The items that asked columns are of, and those that are there for these. */
  private static Set<String> needed(From from, Reduced reduced, Set<ColumnRef> asked) {
    Set<String> needed = new HashSet<>(Set.of(reduced.item().alias()));
    asked.forEach(column -> needed.add(column.alias()));
    while (addNeeded(from, reduced, needed)) {
      // What is needed now may need others.
    }
    return needed;
  }

  /** Adds what the parts that are not left out mention; says whether that was anything new. */
  private static boolean addNeeded(From from, Reduced reduced, Set<String> needed) {
    if (from instanceof From.Item item) {
      return needed.addAll(aliases(item.mentioned()));
    }
    Join join = (Join) from;
    if (join.kind() == Kind.LEFT && !isNeeded(join.right(), reduced, needed)) {
      return addNeeded(join.left(), reduced, needed);
    }
    if (join.kind() == Kind.RIGHT && !isNeeded(join.left(), reduced, needed)) {
      return addNeeded(join.right(), reduced, needed);
    }
    boolean more = addNeeded(join.left(), reduced, needed);
    more |= addNeeded(join.right(), reduced, needed);
    for (Expression condition : join.on()) {
      more |= needed.addAll(aliases(condition.columns()));
    }
    more |= needed.addAll(owners(join.left(), join.using()));
    more |= needed.addAll(owners(join.right(), join.using()));
    return more;
  }

  private static Set<String> aliases(Set<ColumnRef> columns) {
    return columns.stream().map(ColumnRef::alias).collect(Collectors.toSet());
  }

  /** The aliases of items that have one of these columns. */
  private static Set<String> owners(From side, List<String> columns) {
    return side.items().stream()
        .filter(item -> columns.stream().anyMatch(item.columns()::contains))
        .map(From.Item::alias)
        .collect(Collectors.toSet());
  }

  private static boolean isNeeded(From side, Reduced reduced, Set<String> needed) {
    Set<String> aliases = side.aliases();
    return aliases.contains(reduced.item().alias()) || aliases.stream().anyMatch(needed::contains);
  }

  /** What is left of a part of FROM without the item, when nobody asks for some of it. */
  private String plain(From part) {
    if (part instanceof Join join) {
      if (join.kind() == Kind.LEFT && !isNeeded(join.right(), reduced, needed)) {
        return plain(join.left());
      }
      if (join.kind() == Kind.RIGHT && !isNeeded(join.left(), reduced, needed)) {
        return plain(join.right());
      }
      return Join.sql(
          plain(join.left()), join.kind(), plain(join.right()), join.on(), join.using());
    }
    From.Item item = (From.Item) part;
    failed |= !item.mentioned().stream().allMatch(reduced::knows);
    return item.sql();
  }

  private List<Form> forms(From part) {
    if (part instanceof From.Item) {
      return List.of(new Form(reduced.sql(), true, withNulls ? Set.of() : alsoChanging));
    }
    Join join = (Join) part;
    boolean isLeft = join.left().aliases().contains(reduced.item().alias());
    List<Form> forms = new ArrayList<>();
    for (Form inner : forms(isLeft ? join.left() : join.right())) {
      forms.addAll(joined(join, isLeft, inner));
    }
    return forms;
  }

  private List<Form> joined(Join join, boolean isLeft, Form inner) {
    From ours = isLeft ? join.left() : join.right();
    From other = isLeft ? join.right() : join.left();
    boolean isPreserved = isLeft ? join.kind().preservesLeft() : join.kind().preservesRight();
    boolean isNullable = isLeft ? join.kind().preservesRight() : join.kind().preservesLeft();
    if (isPreserved && !isNullable && !isNeeded(other, reduced, needed)) {
      return List.of(inner);
    }
    List<Expression> known = join.on().stream().filter(reduced::knows).toList();
    boolean isLoose = known.size() < join.on().size();
    boolean isCut =
        reduced.item().columns().stream().anyMatch(join.using()::contains)
            && !join.using().stream()
                .filter(reduced.item().columns()::contains)
                .allMatch(reduced.columns()::contains);
    failed |= isCut || (isLoose && known.isEmpty());
    Kind kind = !isPreserved ? Kind.INNER : isLeft ? Kind.LEFT : Kind.RIGHT;
    boolean isByChanging = isByChanging(join, ours, other, inner);
    if (isByChanging && kind == Kind.INNER) {
      // The touched row may have no partner where the row that stays has one.
      Set<String> others = other.aliases();
      known = known.stream().filter(one -> !one.mentions(inner.changing())).toList();
      if (others.stream().noneMatch(asked::contains)) {
        leftOut.addAll(others);
        Set<String> changing = new LinkedHashSet<>(inner.changing());
        changing.addAll(isNullable ? ours.aliases() : others);
        return List.of(new Form(inner.sql(), false, changing));
      }
      failed |= !join.using().isEmpty() || isLateral(other, inner.changing());
    }
    failed |= known.stream().anyMatch(one -> one.mentions(leftOut)) || isLateral(other, leftOut);
    String otherSql = plain(other);
    String sql =
        isLeft
            ? Join.sql(inner.sql(), kind, otherSql, known, join.using())
            : Join.sql(otherSql, kind, inner.sql(), known, join.using());
    if (withNulls) {
      // A merged column would be ambiguous beside the side that nulls stand for.
      failed |= !join.using().isEmpty();
      List<Form> forms = new ArrayList<>(List.of(new Form(sql, true, Set.of())));
      failed |= isLoose && isPreserved;
      if (isNullable) {
        forms.add(new Form(nullsFor(join, ours, otherSql, inner, known), true, Set.of()));
      }
      return forms;
    }
    return List.of(
        new Form(
            sql,
            inner.vanishes() && !isNullable,
            changing(ours, other, inner, isNullable, isByChanging, isLoose && isPreserved)));
  }

  /** Whether it is by columns which may change that the other side's rows are found. */
  private static boolean isByChanging(Join join, From ours, From other, Form inner) {
    return join.on().stream().anyMatch(condition -> condition.mentions(inner.changing()))
        || owners(ours, join.using()).stream().anyMatch(inner.changing()::contains)
        || isLateral(other, inner.changing());
  }

  private static boolean isLateral(From side, Set<String> to) {
    return side.items().stream()
        .anyMatch(item -> aliases(item.mentioned()).stream().anyMatch(to::contains));
  }

  private static Set<String> changing(
      From ours,
      From other,
      Form inner,
      boolean isNullable,
      boolean isByChanging,
      boolean isLoose) {
    Set<String> changing = new LinkedHashSet<>(inner.changing());
    if (isNullable && (inner.vanishes() || isByChanging)) {
      changing.addAll(ours.aliases());
    }
    if (isByChanging || isLoose) {
      changing.addAll(other.aliases());
    }
    return changing;
  }

  /** The rows of the other side that a touched row matches, with nulls in place of this side. */
  private static String nullsFor(
      Join join, From ours, String otherSql, Form inner, List<Expression> known) {
    String condition =
        join.using().isEmpty()
            ? known.isEmpty()
                ? "true"
                : known.stream().map(c -> "(" + c.sql() + ")").collect(Collectors.joining(" and "))
            : join.using().stream()
                .map(
                    column ->
                        "%1$s.%3$s = %2$s.%3$s"
                            .formatted(
                                owner(join.left(), column),
                                owner(join.right(), column),
                                TableName.quoted(column)))
                .collect(Collectors.joining(" and "));
    return "((%s join lateral (select from %s where %s) \"freshet touched\" on true) left join %s on false)"
        .formatted(otherSql, inner.sql(), condition, side(ours));
  }

  /** The items of a side, whose rows do not matter. */
  private static String side(From side) {
    List<String> items = side.items().stream().map(From::sql).toList();
    return items.size() == 1
        ? items.getFirst()
        : items.stream().collect(Collectors.joining(" cross join ", "(", ")"));
  }

  private static String owner(From side, String column) {
    return side.items().stream()
        .filter(item -> item.columns().contains(column))
        .findFirst()
        .map(item -> TableName.quoted(item.alias()))
        .orElseThrow(() -> new IllegalArgumentException("Nothing has a column " + column));
  }
}
