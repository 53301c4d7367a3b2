package dev.freshet.sync.apply;

import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.UserType;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The source's own types, in the read database. */
public final class UserTypes {

  private static final String COMMENT = "freshet mirror ";

  private UserTypes() {}

  /**
   * Makes the types that are not there yet, and adds an enumeration's new values. A type that is
   * defined otherwise now is made again, and with it go the columns of that type.
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
    } catch (ApplyFailed e) {
      throw new SyncRefused(
          "Tables use types of the extension %s, which the read database can't have: %s. Install it on that server."
              .formatted(extension.extension(), e.getMessage()),
          e);
    }
  }

  private static void makeEnumeration(Sql sql, UserType.Enumeration type) {
    sql.run("create schema if not exists " + TableName.quoted(type.name().schema()));
    List<String> there =
        sql
            .query(
                "select enumlabel from pg_enum where enumtypid = to_regtype(%s) order by enumsortorder"
                    .formatted(TableName.literal(type.name().quoted())),
                List.of())
            .stream()
            .map(row -> String.valueOf(row.getFirst()))
            .toList();
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

  private static void makeDefined(Sql sql, UserType.Defined type) {
    String name = type.name().quoted();
    List<List<@Nullable String>> there =
        sql.query(
            "select obj_description(t, 'pg_type') from to_regtype(%s) t where t is not null"
                .formatted(TableName.literal(name)),
            List.of());
    String comment = COMMENT + type.definition();
    if (!there.isEmpty()) {
      if (comment.equals(there.getFirst().getFirst())) {
        return;
      }
      if (!String.valueOf(there.getFirst().getFirst()).startsWith(COMMENT)) {
        throw new SyncRefused(
            "The read database has a type %s of its own. Move it away, or use another database."
                .formatted(type.name()));
      }
      sql.run("drop %s %s cascade".formatted(type.kind(), name));
    }
    sql.run("create schema if not exists " + TableName.quoted(type.name().schema()));
    sql.run("create %s %s %s".formatted(type.kind(), name, type.definition()));
    sql.run("comment on %s %s is %s".formatted(type.kind(), name, TableName.literal(comment)));
  }
}
