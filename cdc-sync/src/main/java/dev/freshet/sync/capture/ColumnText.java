package dev.freshet.sync.capture;

import io.debezium.time.Date;
import io.debezium.time.MicroTime;
import io.debezium.time.MicroTimestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.data.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Puts a captured value back into PostgreSQL's text form.
 *
 * <p>Debezium is configured so that its forms lose nothing: numerics and intervals as text, times
 * in microseconds, binary data as hexadecimal digits.
 */
final class ColumnText {

  private static final String BYTEA = "bytea";

  private static final DateTimeFormatter DATE =
      new DateTimeFormatterBuilder()
          .appendValue(ChronoField.YEAR_OF_ERA, 4, 10, SignStyle.NEVER)
          .appendPattern("-MM-dd")
          .toFormatter(Locale.ROOT);

  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .appendPattern("HH:mm:ss")
          .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true)
          .toFormatter(Locale.ROOT);

  private ColumnText() {}

  /**
   * Converts one value.
   *
   * @param type the column's type, as PostgreSQL prints it
   */
  static @Nullable String of(Schema schema, @Nullable Object value, String type) {
    if (value == null) {
      return null;
    }
    return switch (String.valueOf(schema.name())) {
      case Date.SCHEMA_NAME -> date(LocalDate.ofEpochDay((Integer) value));
      case MicroTimestamp.SCHEMA_NAME -> timestamp((Long) value);
      case MicroTime.SCHEMA_NAME -> time((Long) value);
      default -> type.equals(BYTEA) ? "\\x" + value : value.toString();
    };
  }

  private static String timestamp(long micros) {
    Instant instant = Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    var local = instant.atOffset(ZoneOffset.UTC);
    String date = DATE.format(local) + " " + TIME.format(local);
    return local.getYear() > 0 ? date : date + " BC";
  }

  private static String date(LocalDate date) {
    return date.getYear() > 0 ? DATE.format(date) : DATE.format(date) + " BC";
  }

  private static String time(long micros) {
    return micros == TimeUnit.DAYS.toMicros(1)
        ? "24:00:00"
        : TIME.format(LocalTime.ofNanoOfDay(TimeUnit.MICROSECONDS.toNanos(micros)));
  }
}
