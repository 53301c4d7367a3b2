package dev.freshet.runtime.claims;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import dev.freshet.runtime.KeyLines;
import dev.freshet.runtime.SecretFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.web.reactive.function.server.ServerRequest;

/**
 * The keys that gateway and backends share, with which claims are signed (a JWS by HMAC-SHA256, RFC
 * 7515).
 *
 * <p>One key a line ({@link KeyLines}). The first one signs; all are accepted. The file is read
 * when a part starts.
 */
public final class ClaimsKeys {

  /** Name of the header that has them. */
  public static final String HEADER = "Freshet-Claims";

  /** For how long they are accepted once they are signed. */
  public static final Duration VALID = Duration.ofSeconds(60);

  private static final Duration SKEW = Duration.ofSeconds(5);
  private static final KeyLines LINES =
      new KeyLines("key for claims", Pattern.compile("([\\w-]{1,32}):([A-Za-z0-9+/=]+)"));
  private static final String EXPIRES = "exp";
  private static final String ISSUED = "iat";

  private final Map<String, byte[]> keys;
  private final String current;

  private ClaimsKeys(Map<String, byte[]> keys) {
    this.keys = keys;
    this.current = keys.keySet().iterator().next();
  }

  /**
   * What was verified of a client.
   *
   * @param json the claims, as an object
   * @param role the claim of that name; null without one that is text
   */
  public record Claims(String json, @Nullable String role) {

    @Override
    public String toString() {
      return "Claims[role=%s]".formatted(role); // they are personal
    }
  }

  /**
   * Reads keys from a file.
   *
   * @throws IllegalArgumentException when it holds none, saying what a file looks like
   */
  public static ClaimsKeys ofFile(Path file) {
    try {
      return parse(Files.readString(file));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "The file of keys for claims %s can't be read (%s). Name one with --claims-key."
              .formatted(file, e.getClass().getSimpleName()),
          e);
    }
  }

  /** Makes a file with one key where there is none, readable by its owner alone. */
  public static void make(Path file) throws IOException {
    SecretFile.makeOnce(file, KeyLines::madeHere);
  }

  static ClaimsKeys parse(String text) {
    Map<String, byte[]> keys = new LinkedHashMap<>();
    for (Map.Entry<String, byte[]> key : LINES.read(text.lines())) {
      if (keys.put(key.getKey(), key.getValue()) != null) {
        throw new IllegalArgumentException(
            "Two keys for claims are called %s. Give each an ID of its own."
                .formatted(key.getKey()));
      }
    }
    return new ClaimsKeys(keys);
  }

  /**
   * Signs claims.
   *
   * @param claims as a token has them; its times of issue and expiry are replaced
   */
  public String sign(Map<String, Object> claims, Instant now) {
    Map<String, Object> told = new LinkedHashMap<>(claims);
    told.put(ISSUED, now.getEpochSecond());
    told.put(EXPIRES, now.plus(VALID).getEpochSecond());
    JWSObject jws =
        new JWSObject(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(current).build(), new Payload(told));
    try {
      jws.sign(new MACSigner(keys.get(current)));
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    return jws.serialize();
  }

  /**
   * What was verified of a request's client; nothing where that can't be believed.
   *
   * @param keys null where nobody's claims are believed
   */
  public static Optional<Claims> of(@Nullable ClaimsKeys keys, ServerRequest request) {
    String header = request.headers().firstHeader(HEADER);
    return keys == null || header == null ? Optional.empty() : keys.verified(header, Instant.now());
  }

  /** The claims that were signed with one of these keys and have not expired; else nothing. */
  public Optional<Claims> verified(String jws, Instant now) {
    try {
      JWSObject object = JWSObject.parse(jws);
      byte[] key = keys.get(object.getHeader().getKeyID());
      if (key == null
          || !object.getHeader().getAlgorithm().equals(JWSAlgorithm.HS256)
          || !object.verify(new MACVerifier(key))) {
        return Optional.empty();
      }
      Map<String, Object> claims = object.getPayload().toJSONObject();
      if (claims == null
          || !(claims.get(EXPIRES) instanceof Number expires)
          || now.minus(SKEW).getEpochSecond() >= expires.longValue()) {
        return Optional.empty();
      }
      return Optional.of(
          new Claims(
              object.getPayload().toString(),
              claims.get("role") instanceof String role ? role : null));
    } catch (ParseException | JOSEException e) {
      return Optional.empty();
    }
  }
}
