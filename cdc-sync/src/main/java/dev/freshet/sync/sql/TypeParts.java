package dev.freshet.sync.sql;

/** SQL that finds what types are made of. */
public final class TypeParts {

  /**
   * A query of the {@code oid}s of the types that a type is made of: elements, base types,
   * attributes, subtypes. It stands in a LATERAL join to {@code pg_type t}.
   */
  public static final String OF_T =
      """
      select t.typelem as oid where t.typcategory = 'A' and t.typelem <> 0
      union all select t.typbasetype where t.typtype = 'd'
      union all select a.atttypid from pg_attribute a
        where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
      union all select r.rngsubtype from pg_range r where r.rngtypid = t.oid
      union all select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
      """;

  private TypeParts() {}
}
