package dev.freshet.sync.source;

import dev.freshet.sync.model.TableName;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Changes as bytes: in files of large transactions, and in the log on a broker. */
public final class ChangeFormat {

  private static final int UPSERT = 1;
  private static final int DELETE = 2;
  private static final int TRUNCATE = 3;
  private static final int INSERT = 4;

  private static final int NULL = -1;
  private static final int UNCHANGED = -2;

  private ChangeFormat() {}

  /** Writes a change. */
  public static void write(RowChange change, DataOutputStream out) throws IOException {
    switch (change) {
      case RowChange.Upsert upsert -> {
        out.writeByte(upsert.isNew() ? INSERT : UPSERT);
        writeTable(upsert.table(), out);
        writeAll(upsert.row(), out);
        List<String> oldKey = upsert.oldKey();
        out.writeBoolean(oldKey != null);
        if (oldKey != null) {
          writeAll(oldKey, out);
        }
        writeBefore(upsert.before(), out);
      }
      case RowChange.Delete delete -> {
        out.writeByte(DELETE);
        writeTable(delete.table(), out);
        writeAll(delete.key(), out);
        writeBefore(delete.before(), out);
      }
      case RowChange.Truncate truncate -> {
        out.writeByte(TRUNCATE);
        writeTable(truncate.table(), out);
      }
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IOException also when it is something else
   */
  public static RowChange read(DataInputStream in) throws IOException {
    int kind = in.readByte();
    TableName table = new TableName(in.readUTF(), in.readUTF());
    return switch (kind) {
      case UPSERT, INSERT -> {
        List<@Nullable String> row = readAll(in);
        List<String> oldKey = in.readBoolean() ? notNull(readAll(in)) : null;
        yield new RowChange.Upsert(table, row, oldKey, kind == INSERT, readBefore(in));
      }
      case DELETE -> new RowChange.Delete(table, notNull(readAll(in)), readBefore(in));
      case TRUNCATE -> new RowChange.Truncate(table);
      default -> throw new IOException("Not a change: " + kind);
    };
  }

  private static void writeBefore(@Nullable List<@Nullable String> before, DataOutputStream out)
      throws IOException {
    out.writeBoolean(before != null);
    if (before != null) {
      writeAll(before, out);
    }
  }

  private static @Nullable List<@Nullable String> readBefore(DataInputStream in)
      throws IOException {
    return in.readBoolean() ? readAll(in) : null;
  }

  private static List<String> notNull(List<@Nullable String> values) {
    return values.stream().map(Objects::requireNonNull).toList();
  }

  private static void writeTable(TableName table, DataOutputStream out) throws IOException {
    out.writeUTF(table.schema());
    out.writeUTF(table.name());
  }

  @SuppressWarnings("ReferenceEquality") // UNCHANGED is told apart by identity
  private static void writeAll(List<? extends @Nullable String> values, DataOutputStream out)
      throws IOException {
    out.writeShort(values.size());
    for (String value : values) {
      if (value == null) {
        out.writeInt(NULL);
      } else if (value == RowChange.UNCHANGED) {
        out.writeInt(UNCHANGED);
      } else {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
      }
    }
  }

  private static List<@Nullable String> readAll(DataInputStream in) throws IOException {
    int count = in.readShort();
    List<@Nullable String> values = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int length = in.readInt();
      values.add(
          switch (length) {
            case NULL -> null;
            case UNCHANGED -> RowChange.UNCHANGED;
            default -> new String(in.readNBytes(length), StandardCharsets.UTF_8);
          });
    }
    return values;
  }
}
