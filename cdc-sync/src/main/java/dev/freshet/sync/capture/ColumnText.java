package dev.freshet.sync.capture;

import io.debezium.connector.postgresql.PostgresValueConverter;
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
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.data.Schema;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * Puts a captured value back into PostgreSQL's text form.
 *
 * <p>Debezium is configured so that its forms lose nothing: numerics and intervals as text, times
 * in microseconds, binary data as hexadecimal digits.
 */
final class ColumnText {

  private static final String BYTEA = "bytea";

  /** PostgreSQL's range of timestamps ends with the year 294276 and begins with 4713 BC. */
  private static final long LAST_TIMESTAMP_MICROS = 9_223_371_331_199_999_999L;

  private static final long FIRST_TIMESTAMP_MICROS = -210_866_803_200_000_000L;

  /**
   * What Debezium makes of infinite dates: one value while streaming, another in the first copy.
   */
  private static final Set<LocalDate> INFINITE_DATES =
      Set.of(
          PostgresValueConverter.POSITIVE_INFINITY_LOCAL_DATE,
          overflown(PGStatement.DATE_POSITIVE_INFINITY));

  /** PostgreSQL has no dates before; what Debezium puts there is minus infinity. */
  private static final LocalDate FIRST_DATE = LocalDate.of(-4712, 11, 24);

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
    if (micros > LAST_TIMESTAMP_MICROS) {
      return "infinity";
    }
    if (micros < FIRST_TIMESTAMP_MICROS) {
      return "-infinity";
    }
    Instant instant = Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    var local = instant.atOffset(ZoneOffset.UTC);
    String date = DATE.format(local) + " " + TIME.format(local);
    return local.getYear() > 0 ? date : date + " BC";
  }

  /** The driver's infinity in milliseconds, as days cut to an int. */
  private static LocalDate overflown(long millis) {
    int day = (int) Math.floorDiv(millis, TimeUnit.DAYS.toMillis(1));
    return LocalDate.ofEpochDay(day);
  }

  private static String date(LocalDate date) {
    if (INFINITE_DATES.contains(date)) {
      return "infinity";
    }
    if (date.isBefore(FIRST_DATE)) {
      return "-infinity";
    }
    return date.getYear() > 0 ? DATE.format(date) : DATE.format(date) + " BC";
  }

  private static String time(long micros) {
    return micros == TimeUnit.DAYS.toMicros(1)
        ? "24:00:00"
        : TIME.format(LocalTime.ofNanoOfDay(TimeUnit.MICROSECONDS.toNanos(micros)));
  }
}
