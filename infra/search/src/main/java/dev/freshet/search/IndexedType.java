package dev.freshet.search;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How values of one of PostgreSQL's types are indexed, so that equality and order are the same as
 * there.
 *
 * <p>Whole numbers, decimals with a scale and up to 18 digits, days and microseconds are longs.
 * Text is compared by its bytes in UTF-8, as collation "C" does.
 *
 * @param scale of decimals: the digits behind their point
 */
public record IndexedType(Form form, int scale) {

  /** What becomes of a value. */
  public enum Form {
    TEXT("keyword"),
    UUID("keyword"),
    SMALLINT("long"),
    INTEGER("long"),
    BIGINT("long"),
    DECIMAL("long"),
    REAL("double"),
    DOUBLE("double"),
    BOOLEAN("boolean"),
    DAYS("long"),
    MICROS("long"),
    MICROS_OF_ZONE("long");

    private final String field;

    Form(String field) {
      this.field = field;
    }
  }

  /** Lucene's longest term, in bytes of UTF-8; see {@code IndexWriter.MAX_TERM_LENGTH}. */
  private static final int LONGEST_TERM = 32_766;

  /** Beyond all times; the ends of long itself are where nulls are sorted. */
  private static final long END_OF_TIME = Long.MAX_VALUE - 1;

  private static final Set<String> ENDS_OF_LONG =
      Set.of(Long.toString(Long.MIN_VALUE), Long.toString(Long.MAX_VALUE));

  /** As many digits fit into a long, whatever they are. */
  private static final int MOST_DIGITS = 18;

  private static final Pattern DECIMAL = Pattern.compile("numeric\\((\\d+),(\\d+)\\)");

  private static final Pattern WHOLE = Pattern.compile("-?\\d{1,19}");

  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,300}(\\.\\d{1,300})?");

  private static final Pattern FLOATING =
      Pattern.compile("-?\\d{1,300}(\\.\\d{1,300})?([eE][+-]?\\d{1,3})?");

  private static final Pattern UUID =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private static final Pattern TIME =
      Pattern.compile(
          "(\\d{4,7})-(\\d\\d)-(\\d\\d)(?:[ T](\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,6})?)?)(Z|[+-]\\d\\d(?::?\\d\\d)?)?)?( BC)?");

  private static final long MICROS_PER_SECOND = 1_000_000;
  private static final long MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND;
  private static final long NANOS_PER_MICRO = 1_000;
  private static final long SECONDS_PER_HOUR = 3_600;
  private static final long SECONDS_PER_MINUTE = 60;

  /**
   * How values of a type are indexed.
   *
   * @param type as {@code format_type} has it
   * @return empty for those that are not
   */
  public static Optional<IndexedType> of(String type) {
    Matcher decimal = DECIMAL.matcher(type);
    if (decimal.matches()) {
      int digits = Integer.parseInt(decimal.group(1));
      int scale = Integer.parseInt(decimal.group(2));
      return digits <= MOST_DIGITS && scale <= digits
          ? Optional.of(new IndexedType(Form.DECIMAL, scale))
          : Optional.empty();
    }
    Form form =
        switch (type) {
          case "text", "character varying" -> Form.TEXT;
          case "uuid" -> Form.UUID;
          case "smallint" -> Form.SMALLINT;
          case "integer" -> Form.INTEGER;
          case "bigint" -> Form.BIGINT;
          case "real" -> Form.REAL;
          case "double precision" -> Form.DOUBLE;
          case "boolean" -> Form.BOOLEAN;
          case "date" -> Form.DAYS;
          case "timestamp without time zone" -> Form.MICROS;
          case "timestamp with time zone" -> Form.MICROS_OF_ZONE;
          default -> type.startsWith("character varying(") ? Form.TEXT : null;
        };
    return Optional.ofNullable(form).map(known -> new IndexedType(known, 0));
  }

  /** The type of the field, as a mapping has it. */
  public String fieldType() {
    return form.field;
  }

  /** Whether values are indexed as texts. */
  public boolean isText() {
    return form.field.equals("keyword");
  }

  /**
   * What to index for a stored value.
   *
   * @param text as PostgreSQL prints it, under a pinned session
   * @return JSON; empty where the value has no place in the index
   */
  public Optional<String> ofStored(String text) {
    return switch (form) {
      case TEXT ->
          text.getBytes(StandardCharsets.UTF_8).length > LONGEST_TERM
              ? Optional.empty()
              : Optional.of(Json.string(text));
      case UUID -> Optional.of(Json.string(text));
      case SMALLINT, INTEGER -> Optional.of(text);
      case BIGINT -> ENDS_OF_LONG.contains(text) ? Optional.empty() : Optional.of(text);
      case BOOLEAN -> Optional.of(text.equals("t") ? "true" : "false");
      case DECIMAL, REAL, DOUBLE, DAYS, MICROS, MICROS_OF_ZONE -> ofQuery(text);
    };
  }

  /**
   * What to look for in the index, for a value of a query.
   *
   * @param text as a client has it
   * @return JSON; empty where this can't say what PostgreSQL would read, or would compare with
   */
  public Optional<String> ofQuery(String text) {
    return switch (form) {
      case TEXT -> ofStored(text);
      case UUID ->
          UUID.matcher(text).matches()
              ? Optional.of(Json.string(text.toLowerCase(Locale.ROOT)))
              : Optional.empty();
      case SMALLINT -> whole(text, Short.MIN_VALUE, Short.MAX_VALUE);
      case INTEGER -> whole(text, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case BIGINT -> whole(text, Long.MIN_VALUE + 1, Long.MAX_VALUE - 1);
      case DECIMAL -> NUMBER.matcher(text).matches() ? scaled(text) : Optional.empty();
      case REAL -> FLOATING.matcher(text).matches() ? real(text) : Optional.empty();
      case DOUBLE ->
          FLOATING.matcher(text).matches() ? finite(Double.parseDouble(text)) : Optional.empty();
      case BOOLEAN ->
          switch (text) {
            case "t", "true" -> Optional.of("true");
            case "f", "false" -> Optional.of("false");
            default -> Optional.empty();
          };
      case DAYS, MICROS, MICROS_OF_ZONE -> time(text).map(value -> Long.toString(value));
    };
  }

  private static Optional<String> whole(String text, long least, long most) {
    if (!WHOLE.matcher(text).matches()) {
      return Optional.empty();
    }
    try {
      long value = Long.parseLong(text);
      return value < least || value > most ? Optional.empty() : Optional.of(Long.toString(value));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private Optional<String> scaled(String text) {
    try {
      return Optional.of(
          Long.toString(new BigDecimal(text).movePointRight(scale).longValueExact()));
    } catch (ArithmeticException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> real(String text) {
    return finite(Float.parseFloat(text));
  }

  private static Optional<String> finite(double value) {
    return Double.isFinite(value)
        ? Optional.of(Double.toString(value == 0 ? 0 : value)) // there is one zero only
        : Optional.empty();
  }

  private Optional<Long> time(String text) {
    return switch (text) {
      case "infinity" -> Optional.of(END_OF_TIME);
      case "-infinity" -> Optional.of(-END_OF_TIME);
      default -> {
        Matcher parts = TIME.matcher(text);
        if (!parts.matches()) {
          yield Optional.empty();
        }
        try {
          yield Optional.of(time(parts));
        } catch (DateTimeException | ArithmeticException e) {
          yield Optional.empty();
        }
      }
    };
  }

  private long time(Matcher parts) {
    int year = Integer.parseInt(parts.group(1));
    boolean isBefore = parts.group(6) != null;
    if (year == 0) {
      throw new DateTimeException("There is no year 0");
    }
    long days =
        LocalDate.of(
                isBefore ? 1 - year : year,
                Integer.parseInt(parts.group(2)),
                Integer.parseInt(parts.group(3)))
            .toEpochDay();
    if (form == Form.DAYS) {
      if (parts.group(4) != null) {
        throw new DateTimeException("A date has no time");
      }
      return days;
    }
    if (form == Form.MICROS && parts.group(5) != null) {
      throw new DateTimeException("A timestamp has no zone");
    }
    long time =
        parts.group(4) == null
            ? 0
            : LocalTime.parse(parts.group(4)).toNanoOfDay() / NANOS_PER_MICRO;
    return Math.subtractExact(
        Math.addExact(Math.multiplyExact(days, MICROS_PER_DAY), time), offset(parts.group(5)));
  }

  /** What a zone is ahead of UTC, which sessions without one are pinned to. */
  private static long offset(@Nullable String zone) {
    if (zone == null || zone.equals("Z")) {
      return 0;
    }
    String digits = zone.substring(1).replace(":", "");
    long seconds =
        Integer.parseInt(digits.substring(0, 2)) * SECONDS_PER_HOUR
            + (digits.length() > 2
                ? Integer.parseInt(digits.substring(2)) * SECONDS_PER_MINUTE
                : 0);
    return (zone.startsWith("-") ? -seconds : seconds) * MICROS_PER_SECOND;
  }
}
