package dev.freshet.local.cli;

import java.time.Duration;
import java.util.function.Function;
import java.util.function.Predicate;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Times and sizes as options have them. */
final class Quantities {

  private static final String NO_TIME = "no time; write one such as 500ms, 10s or 2m";

  private Quantities() {}

  private static <T> T valid(
      String text, Function<String, T> parse, Predicate<T> isRight, String instead) {
    try {
      T value = parse.apply(text);
      if (isRight.test(value)) {
        return value;
      }
    } catch (IllegalArgumentException | ArithmeticException e) {
      // Said below.
    }
    throw new TypeConversionException("'%s' is %s".formatted(text, instead));
  }

  /** As people write it: {@code 500ms}, {@code 10s}. */
  static String text(Duration time) {
    return time.toMillis() % 1_000 == 0 ? time.toSeconds() + "s" : time.toMillis() + "ms";
  }

  /** A time that takes some. */
  static final class Time implements ITypeConverter<Duration> {

    @Override
    public Duration convert(String text) {
      return valid(text, DurationStyle::detectAndParse, Duration::isPositive, NO_TIME);
    }
  }

  /** A time, or none: 0s. */
  static final class Delay implements ITypeConverter<Duration> {

    @Override
    public Duration convert(String text) {
      return valid(text, DurationStyle::detectAndParse, time -> !time.isNegative(), NO_TIME);
    }
  }

  /** A number of bytes. */
  static final class Size implements ITypeConverter<DataSize> {

    @Override
    public DataSize convert(String text) {
      return valid(
          text,
          DataSize::parse,
          size -> size.toBytes() > 0,
          "no size; write one such as 8KB or 10MB");
    }
  }
}
