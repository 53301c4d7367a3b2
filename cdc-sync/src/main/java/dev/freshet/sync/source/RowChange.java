package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One change of one row, its values in PostgreSQL's text form.
 *
 * <p>Rows are lists of values in the order of the table's stored columns, keys in the order of its
 * primary key's.
 */
public sealed interface RowChange {

  TableName table();

  /** How much text it holds, roughly. */
  long chars();

  /** What it does, as metrics name it: upsert, delete or truncate. */
  default String operation() {
    return switch (this) {
      case Upsert ignored -> "upsert";
      case Delete ignored -> "delete";
      case Truncate ignored -> "truncate";
    };
  }

  /** Whether it makes one with the change before it. */
  default boolean continues() {
    return false;
  }

  /**
   * The row is like this now.
   *
   * @param row its values; null is SQL's null, {@link #UNCHANGED} a value that was not sent
   * @param oldKey the key that it had, when its key changed; otherwise null
   * @param isNew whether it was not there before, under this key
   * @param before its values until then; null unless they were asked for, and the source tells them
   */
  record Upsert(
      TableName table,
      List<@Nullable String> row,
      @Nullable List<String> oldKey,
      boolean isNew,
      @Nullable List<@Nullable String> before)
      implements RowChange {

    /** One of which no more is known. */
    public Upsert(TableName table, List<@Nullable String> row, @Nullable List<String> oldKey) {
      this(table, row, oldKey, false, null);
    }

    @Override
    public long chars() {
      long chars = 0;
      for (String value : row) {
        chars += value == null ? 0 : value.length();
      }
      return chars;
    }

    @Override
    public boolean continues() {
      return oldKey != null;
    }
  }

  /**
   * The row is gone.
   *
   * @param before its values until then; null unless they were asked for, and the source tells them
   */
  record Delete(TableName table, List<String> key, @Nullable List<@Nullable String> before)
      implements RowChange {

    /** One of which no more is known. */
    public Delete(TableName table, List<String> key) {
      this(table, key, null);
    }

    @Override
    public long chars() {
      return 0;
    }
  }

  /** All rows are gone. */
  record Truncate(TableName table) implements RowChange {

    @Override
    public long chars() {
      return 0;
    }
  }

  /**
   * Stands for a large value that the change left as it was, and that the server therefore did not
   * send. Told apart by identity, so that no text can be mistaken for it.
   */
  @SuppressWarnings("StringOperationCanBeSimplified") // an identity of its own is the point
  String UNCHANGED = new String("unchanged");

  /** Whether a value is {@link #UNCHANGED}. */
  @SuppressWarnings("ReferenceEquality") // by identity
  static boolean isUnchanged(@Nullable String value) {
    return value == UNCHANGED;
  }

  /** A row with the values that were not sent taken from an earlier state of it. */
  static List<@Nullable String> filled(
      List<@Nullable String> row, List<? extends @Nullable String> earlier) {
    List<@Nullable String> filled = new ArrayList<>(row);
    for (int i = 0; i < filled.size(); i++) {
      if (isUnchanged(filled.get(i))) {
        filled.set(i, earlier.get(i));
      }
    }
    return filled;
  }
}
