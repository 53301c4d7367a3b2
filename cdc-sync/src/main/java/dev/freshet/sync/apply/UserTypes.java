package dev.freshet.sync.apply;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.UserType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The source's own types, in the read database. */
public final class UserTypes {

  private static final String COMMENT = "freshet mirror ";

  private UserTypes() {}

  /**
   * Makes the types that are not there yet, and adds an enumeration's new values. A type that is
   * defined otherwise now is made again, and with it go the columns of that type: the tables have
   * to be copied, and the models built again.
   *
   * @throws SyncRefused when the read database can't have one; it says what to install
   */
  public static void make(Sql sql, List<UserType> types) {
    for (UserType type : types) {
      switch (type) {
        case UserType.Extension extension -> makeExtension(sql, extension);
        case UserType.Enumeration enumeration -> makeEnumeration(sql, enumeration);
        case UserType.Defined defined -> makeDefined(sql, defined);
      }
    }
  }

  private static void makeExtension(Sql sql, UserType.Extension extension) {
    try {
      sql.run("create schema if not exists " + TableName.quoted(extension.schema()));
      sql.run(
          "create extension if not exists %s schema %s"
              .formatted(
                  TableName.quoted(extension.extension()), TableName.quoted(extension.schema())));
      if (canBeUpdated(sql, extension)) {
        sql.run(
            "alter extension %s update to %s"
                .formatted(
                    TableName.quoted(extension.extension()),
                    TableName.literal(extension.version())));
      }
    } catch (ApplyFailed e) {
      throw new SyncRefused(
          "Tables use types of the extension %s, which the read database can't have: %s. Install it on that server."
              .formatted(extension.extension(), e.getMessage()),
          e);
    }
  }

  /** Whether it is there in another version than the source's, and that one can be had. */
  private static boolean canBeUpdated(Sql sql, UserType.Extension extension) {
    return !sql.query(
            """
            select 1 from pg_extension e cross join lateral pg_extension_update_paths(e.extname) p
            where e.extname = %s and p.source = e.extversion and p.target = %s and p.path is not null
            """
                .formatted(
                    TableName.literal(extension.extension()),
                    TableName.literal(extension.version())),
            List.of())
        .isEmpty();
  }

  /**
   * Whether a type is defined otherwise now, so that {@link #make} takes columns away.
   *
   * @throws SyncRefused when one of them can't be made again
   */
  public static boolean haveToBeMadeAgain(Sql sql, List<UserType> types) {
    boolean have = false;
    for (UserType type : types) {
      switch (type) {
        case UserType.Extension extension -> have |= canBeUpdated(sql, extension);
        case UserType.Enumeration enumeration -> {
          if (!hasInOrder(enumeration.labels(), labels(sql, enumeration))) {
            requireOursAlone(sql, enumeration.name());
            have = true;
          }
        }
        case UserType.Defined defined ->
            have |=
                comment(sql, defined)
                    .filter(there -> there.startsWith(COMMENT))
                    .map(there -> !there.equals(COMMENT + defined.definition()))
                    .orElse(false);
      }
    }
    return have;
  }

  /** Whether some labels are all among others, and in the same order. */
  private static boolean hasInOrder(List<String> labels, List<String> some) {
    List<String> both = new ArrayList<>(labels);
    both.retainAll(some);
    return both.equals(some);
  }

  /** Models whose tables lose a column with a type are served again once they are built again. */
  private static void stopServing(Sql sql, TableName type) {
    sql.run(
        """
        update freshet.model m set state = 'building', reason = 'A type of a column was altered.'
        from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
        where c.relnamespace = to_regnamespace('read') and c.relname = m.name
          and (t.oid = to_regtype(%1$s) or t.typelem = to_regtype(%1$s))
        """
            .formatted(TableName.literal(type.quoted())));
  }

  private static List<String> labels(Sql sql, UserType.Enumeration type) {
    return sql
        .query(
            "select enumlabel from pg_enum where enumtypid = to_regtype(%s) order by enumsortorder"
                .formatted(TableName.literal(type.name().quoted())),
            List.of())
        .stream()
        .map(row -> String.valueOf(row.getFirst()))
        .toList();
  }

  private static void makeEnumeration(Sql sql, UserType.Enumeration type) {
    sql.run("create schema if not exists " + TableName.quoted(type.name().schema()));
    List<String> there = labels(sql, type);
    if (!hasInOrder(type.labels(), there)) {
      // A label was renamed: rows that hold it have to come again.
      requireOursAlone(sql, type.name());
      stopServing(sql, type.name());
      sql.run("drop type %s cascade".formatted(type.name().quoted()));
      there = List.of();
    }
    if (there.isEmpty()) {
      sql.run(
          "create type %s as enum (%s)"
              .formatted(
                  type.name().quoted(),
                  type.labels().stream()
                      .map(TableName::literal)
                      .collect(Collectors.joining(", "))));
      return;
    }
    for (int i = 0; i < type.labels().size(); i++) {
      String label = type.labels().get(i);
      if (!there.contains(label)) {
        sql.run(
            "alter type %s add value if not exists %s %s"
                .formatted(
                    type.name().quoted(),
                    TableName.literal(label),
                    i == 0
                        ? "before " + TableName.literal(there.getFirst())
                        : "after " + TableName.literal(type.labels().get(i - 1))));
      }
    }
  }

  /**
   * Makes sure that only tables of ours have columns of a type.
   *
   * @throws SyncRefused when another one has
   */
  private static void requireOursAlone(Sql sql, TableName type) {
    List<List<@Nullable String>> others =
        sql.query(
            """
            select distinct c.oid::regclass::text from pg_attribute a join pg_class c on c.oid = a.attrelid
            join pg_type t on t.oid = a.atttypid
            where (t.oid = to_regtype(%1$s) or t.typelem = to_regtype(%1$s)) and c.relkind in ('r', 'p')
              and c.relnamespace <> coalesce(to_regnamespace('freshet')::oid, 0)
              and coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^(freshet mirror|."freshet")'
            """
                .formatted(TableName.literal(type.quoted())),
            List.of());
    if (!others.isEmpty()) {
      throw new SyncRefused(
          "A label of type %s was renamed on the source, and table %s of the read database has a column of it. Rename the label there, too."
              .formatted(type, others.getFirst().getFirst()));
    }
  }

  /** A type's comment, empty text where it has none; nothing when there is no such type. */
  private static Optional<String> comment(Sql sql, UserType.Defined type) {
    return sql
        .query(
            "select coalesce(obj_description(t, 'pg_type'), '') from to_regtype(%s) t where t is not null"
                .formatted(TableName.literal(type.name().quoted())),
            List.of())
        .stream()
        .findFirst()
        .map(row -> String.valueOf(row.getFirst()));
  }

  private static void makeDefined(Sql sql, UserType.Defined type) {
    String name = type.name().quoted();
    Optional<String> there = comment(sql, type);
    String comment = COMMENT + type.definition();
    if (there.isPresent()) {
      if (comment.equals(there.get())) {
        return;
      }
      if (!there.get().startsWith(COMMENT)) {
        throw new SyncRefused(
            "The read database has a type %s of its own. Move it away, or use another database."
                .formatted(type.name()));
      }
      stopServing(sql, type.name());
      sql.run("drop %s %s cascade".formatted(type.kind(), name));
    }
    sql.run("create schema if not exists " + TableName.quoted(type.name().schema()));
    sql.run("create %s %s %s".formatted(type.kind(), name, type.definition()));
    sql.run("comment on %s %s is %s".formatted(type.kind(), name, TableName.literal(comment)));
  }
}
