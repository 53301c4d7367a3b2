package dev.freshet.read;

import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Representation;
import dev.freshet.read.query.RowRange;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.ServerRequest;

/**
 * How a client wants its answer, by the headers {@code Accept}, {@code Prefer} and {@code Range}.
 *
 * @param range the rows by their places; null for all
 */
record Terms(Representation representation, Preferences preferences, @Nullable RowRange range) {

  /** The headers on which an answer depends. */
  static final String VARY = "Accept, Prefer, Range";

  /** How the headers were read. */
  sealed interface Reading {
    record Read(Terms terms) implements Reading {}

    record Refused(Problem problem) implements Reading {}
  }

  private static final String RANGE_UNIT = "Range-Unit";
  private static final String UNIT = "items";

  /** PostgREST's, with the unit in a header of its own, or RFC 9110's. */
  private static final Pattern RANGE = Pattern.compile("(?:items=)?(\\d{1,18})-(\\d{1,18})?");

  /** Methods for which ranges are defined (RFC 9110, 14.2, and RFC 10008). */
  private static final Set<HttpMethod> WITH_RANGES = Set.of(HttpMethod.GET, ReadMethods.QUERY);

  static Reading read(ServerRequest request) {
    Preferences preferences = Preferences.of(request.headers().header(Preferences.HEADER));
    if (preferences.isStrict() && !preferences.others().isEmpty()) {
      return refused(
          ProblemCode.BAD_REQUEST,
          "Prefer: handling=strict comes with what is not understood here: %s. There are count=exact and handling."
              .formatted(String.join(", ", preferences.others())));
    }
    Optional<Representation> representation;
    try {
      representation = representation(request.headers().accept());
    } catch (InvalidMediaTypeException e) {
      return refused(ProblemCode.BAD_REQUEST, "Accept can't be read: " + e.getMessage() + ".");
    }
    if (representation.isEmpty()) {
      return refused(
          ProblemCode.NOT_ACCEPTABLE,
          "Accept asks for none of what there is: application/json and text/csv.");
    }
    RowRange range = range(request);
    if (range != null && range.last() != null && range.last() < range.first()) {
      return refused(
          ProblemCode.RANGE_NOT_SATISFIABLE, "The range ends before it begins; write first-last.");
    }
    return new Reading.Read(new Terms(representation.get(), preferences, range));
  }

  private static Reading refused(ProblemCode code, String detail) {
    return new Reading.Refused(Problem.of(code, detail));
  }

  /** The one that the client likes best; JSON, when it likes several alike. */
  private static Optional<Representation> representation(List<MediaType> accepted) {
    if (accepted.isEmpty()) {
      return Optional.of(Representation.JSON);
    }
    return List.of(Representation.values()).stream()
        .filter(offered -> quality(offered, accepted) > 0)
        // The first of equal ones.
        .min(Comparator.comparingDouble(offered -> -quality(offered, accepted)));
  }

  /** RFC 9110, 12.5.1: the most specific range that takes it says how much it is liked. */
  private static double quality(Representation offered, List<MediaType> accepted) {
    MediaType type = MediaType.parseMediaType(offered.mediaType());
    return accepted.stream()
        .filter(range -> range.includes(type))
        .max(
            Comparator.comparing((MediaType range) -> !range.isWildcardType())
                .thenComparing(range -> !range.isWildcardSubtype()))
        .map(MediaType::getQualityValue)
        .orElse(0.0);
  }

  /** A range in another unit, or that can't be read, is passed over (RFC 9110, 14.2). */
  private static @Nullable RowRange range(ServerRequest request) {
    String unit = request.headers().firstHeader(RANGE_UNIT);
    String header = request.headers().firstHeader(HttpHeaders.RANGE);
    if (header == null
        || !WITH_RANGES.contains(request.method())
        || (unit != null && !unit.equals(UNIT))) {
      return null;
    }
    Matcher range = RANGE.matcher(header.strip());
    if (!range.matches()) {
      return null;
    }
    String last = range.group(2);
    return new RowRange(Long.parseLong(range.group(1)), last == null ? null : Long.valueOf(last));
  }
}
