package dev.freshet.read;

import dev.freshet.protocol.PostgrestError;
import dev.freshet.protocol.Problem;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.read.query.Refused;
import dev.freshet.read.query.Representation;
import dev.freshet.read.query.RowRange;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
  static final String VARY = "Accept, Prefer, Range, Accept-Profile, X-Client-Info";

  /** How the headers were read. */
  sealed interface Reading {
    record Read(Terms terms) implements Reading {}

    record Rejected(Refused refused) implements Reading {}
  }

  /** The only schema there is to PostgREST's clients. */
  static final String SCHEMA = "read";

  private static final MediaType JSON = MediaType.APPLICATION_JSON;
  private static final String POSTGREST = "vnd.pgrst.";
  private static final String NULLS = "nulls";

  private static final String RANGE_UNIT = "Range-Unit";
  private static final String UNIT = "items";

  /** PostgREST's, with the unit in a header of its own, or RFC 9110's. */
  private static final Pattern RANGE = Pattern.compile("(?:items=)?(\\d{1,18})-(\\d{1,18})?");

  /** Methods for which ranges are defined (RFC 9110, 14.2, and RFC 10008). */
  private static final Set<HttpMethod> WITH_RANGES = Set.of(HttpMethod.GET, ReadMethods.QUERY);

  /**
   * Reads them.
   *
   * @param offered the forms that there are of the answer
   */
  static Reading read(ServerRequest request, Set<Representation> offered) {
    Preferences preferences = Preferences.of(request.headers().header(Preferences.HEADER));
    if (preferences.areNotAllUnderstood()) {
      return new Reading.Rejected(notUnderstood(preferences));
    }
    String schema = request.headers().firstHeader(PostgrestError.PROFILE);
    if (schema != null && !schema.equals(SCHEMA)) {
      return new Reading.Rejected(
          new Refused(
              Problem.of(
                  ProblemCode.NOT_ACCEPTABLE,
                  "Accept-Profile: there is the schema %s alone.".formatted(SCHEMA)),
              new PostgrestError(
                  406,
                  "PGRST106",
                  "Invalid schema: " + schema,
                  null,
                  "Only the following schemas are exposed: " + SCHEMA)));
    }
    Optional<Representation> representation;
    try {
      representation = representation(request.headers().accept(), offered);
    } catch (InvalidMediaTypeException e) {
      return refused(ProblemCode.BAD_REQUEST, "Accept can't be read: " + e.getMessage() + ".");
    }
    if (representation.isEmpty()) {
      return new Reading.Rejected(
          new Refused(
              Problem.of(
                  ProblemCode.NOT_ACCEPTABLE,
                  "Accept asks for none of what there is: %s."
                      .formatted(
                          offered.stream()
                              .map(Representation::mediaType)
                              .collect(Collectors.joining(", ")))),
              new PostgrestError(
                  406,
                  "PGRST107",
                  "None of these media types are available: "
                      + String.join(", ", request.headers().header(HttpHeaders.ACCEPT)),
                  null,
                  null)));
    }
    RowRange range = range(request);
    if (range != null && range.last() != null && range.last() < range.first()) {
      return new Reading.Rejected(
          new Refused(
              Problem.of(
                  ProblemCode.RANGE_NOT_SATISFIABLE,
                  "The range ends before it begins; write first-last."),
              new PostgrestError(
                  416,
                  "PGRST103",
                  "Requested range not satisfiable",
                  "The lower boundary must be lower than or equal to the upper boundary in the Range header.",
                  null)));
    }
    return new Reading.Read(new Terms(representation.get(), preferences, range));
  }

  /** Of a client that minds. */
  static Refused notUnderstood(Preferences preferences) {
    String others = String.join(", ", preferences.others());
    return new Refused(
        Problem.of(
            ProblemCode.BAD_REQUEST,
            "Prefer: handling=strict comes with what is not understood here: %s. There are count (exact, planned, estimated), timezone and handling."
                .formatted(others)),
        new PostgrestError(
            400,
            "PGRST122",
            "Invalid preferences given with handling=strict",
            "Invalid preferences: " + others,
            null));
  }

  private static Reading refused(ProblemCode code, String detail) {
    return new Reading.Rejected(Refused.of(code, detail));
  }

  /** The one that the client likes best; the first that there is, when it likes several alike. */
  private static Optional<Representation> representation(
      List<MediaType> accepted, Set<Representation> offered) {
    if (accepted.isEmpty()) {
      return Optional.of(Representation.JSON);
    }
    return offered.stream()
        .filter(form -> quality(form, accepted) > 0)
        // The first of equal ones.
        .min(Comparator.comparingDouble(form -> -quality(form, accepted)));
  }

  /** RFC 9110, 12.5.1: the most specific range that takes it says how much it is liked. */
  private static double quality(Representation offered, List<MediaType> accepted) {
    MediaType type = MediaType.parseMediaType(offered.mediaType());
    return accepted.stream()
        .filter(range -> takes(range, type))
        .max(
            Comparator.comparing((MediaType range) -> !range.isWildcardType())
                .thenComparing(range -> !range.isWildcardSubtype()))
        .map(MediaType::getQualityValue)
        .orElse(0.0);
  }

  /** PostgREST's own types are given to those alone who name them, with or without their suffix. */
  private static boolean takes(MediaType range, MediaType type) {
    if (type.equals(JSON) && isPlainArray(range)) {
      return true;
    }
    if (!type.getSubtype().startsWith(POSTGREST)) {
      return range.includes(type);
    }
    boolean isNamed =
        range.getSubtype().equals(type.getSubtype())
            || (range.getSubtype() + "+json").equals(type.getSubtype());
    return isNamed && Objects.equals(range.getParameter(NULLS), type.getParameter(NULLS));
  }

  /** PostgREST's name for what is JSON anyway. */
  private static boolean isPlainArray(MediaType range) {
    return range.getParameter(NULLS) == null
        && (range.getSubtype().equals(POSTGREST + "array")
            || range.getSubtype().equals(POSTGREST + "array+json"));
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
