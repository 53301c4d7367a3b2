package dev.freshet.gateway.session;

import dev.freshet.runtime.KeyLines;
import dev.freshet.runtime.SecretFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that session tokens are signed with (HMAC-SHA256, RFC 2104).
 *
 * <p>One key a line ({@link KeyLines}). The first one signs; all are accepted. To rotate, give
 * every gateway the new key as the second line, then move it to the first, and take the old one
 * away when its tokens have expired. A file is read again when it has changed; one that can't be
 * read leaves the keys as they were.
 */
public final class SessionKeys {

  private static final Logger log = LoggerFactory.getLogger(SessionKeys.class);

  private static final String ALGORITHM = "HmacSHA256";
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final KeyLines LINES =
      new KeyLines("session key", Pattern.compile("([\\w-]{1,32}):([A-Za-z0-9+/=_-]+)"));

  private final @Nullable Path file;
  private volatile Keys keys;
  private volatile long lookedNanos = System.nanoTime();
  private @Nullable Edition read;

  private SessionKeys(@Nullable Path file, Keys keys) {
    this.file = file;
    this.keys = keys;
  }

  /** Which content of the file was read; one that is half written changes in length at least. */
  private record Edition(FileTime modified, long bytes) {

    static Edition of(Path file) throws IOException {
      return new Edition(Files.getLastModifiedTime(file), Files.size(file));
    }
  }

  /**
   * The keys at one moment.
   *
   * @param current the one that signs
   */
  private record Keys(Key current, Map<String, Key> byId) {}

  /** A key. */
  record Key(String id, Mac mac) {

    /** The signature of a text, base64url. */
    String sign(String text) {
      try {
        Mac own = (Mac) mac.clone();
        byte[] signature = own.doFinal(text.getBytes(StandardCharsets.US_ASCII));
        return Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
      } catch (CloneNotSupportedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Whether a text was signed so. Takes the same time wherever the signatures differ. */
    boolean hasSigned(String text, String signature) {
      return MessageDigest.isEqual(
          sign(text).getBytes(StandardCharsets.US_ASCII),
          signature.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public String toString() {
      return id;
    }
  }

  /**
   * Reads keys from a file, and again whenever it changes.
   *
   * @throws IllegalArgumentException when it holds no keys, saying what a file looks like
   */
  public static SessionKeys ofFile(Path file) {
    try {
      Edition edition = Edition.of(file);
      SessionKeys keys = new SessionKeys(file, parse(Files.readString(file)));
      keys.read = edition;
      return keys;
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "The file of session keys %s can't be read (%s)"
              .formatted(file, e.getClass().getSimpleName()),
          e);
    }
  }

  /**
   * Reads keys from a text, such as an environment variable.
   *
   * @throws IllegalArgumentException when it holds no keys
   */
  public static SessionKeys ofText(String text) {
    return new SessionKeys(null, parse(text));
  }

  /** Keys of a file, made with one key where there is none, readable by its owner alone. */
  public static SessionKeys madeIn(Path file) {
    if (!Files.exists(file)) {
      try {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null && !Files.isDirectory(folder)) {
          Files.createDirectories(
              folder,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
        SecretFile.makeOnce(file, KeyLines::madeHere);
      } catch (IOException e) {
        throw new UncheckedIOException(
            "No key for session tokens can be kept in %s. Name a file of keys with --session-keys."
                .formatted(file),
            e);
      }
      log.warn(
          "Session tokens are signed with a key that was made now and is kept in {}. Several gateways need the same: give each a file of keys with --session-keys",
          file);
    }
    return ofFile(file);
  }

  private static Keys parse(String text) {
    Map<String, Key> keys = new LinkedHashMap<>();
    LINES
        .read(text.lines().flatMap(line -> Arrays.stream(line.split("[,;]", -1))))
        .forEach(key -> keys.put(key.getKey(), new Key(key.getKey(), macOf(key.getValue()))));
    return new Keys(keys.values().iterator().next(), Collections.unmodifiableMap(keys));
  }

  private static Mac macOf(byte[] key) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      return mac;
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The key that signs. */
  Key current() {
    look();
    return keys.current();
  }

  /** The key of an id; empty when there is none. */
  Optional<Key> key(String id) {
    look();
    return Optional.ofNullable(keys.byId().get(id));
  }

  private void look() {
    if (file != null && System.nanoTime() - lookedNanos > LOOK_EVERY.toNanos()) {
      lookedNanos = System.nanoTime();
      readAgain(file);
    }
  }

  private synchronized void readAgain(Path from) {
    try {
      Edition now = Edition.of(from);
      if (now.equals(read)) {
        return;
      }
      read = now;
      Keys changed = parse(Files.readString(from));
      keys = changed;
      log.info(
          "Session tokens are signed with key {}; accepted are {}",
          changed.current(),
          changed.byId().keySet());
    } catch (IOException | IllegalArgumentException e) {
      log.warn("The session keys stay as they were: {}", e.getMessage());
    }
  }
}
