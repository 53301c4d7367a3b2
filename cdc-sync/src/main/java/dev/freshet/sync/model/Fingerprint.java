package dev.freshet.sync.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** A short text that changes whenever one of several texts does. */
public final class Fingerprint {

  private static final int HEX_DIGITS = 16;

  private Fingerprint() {}

  /** The first 64 bits of their SHA-256, in hexadecimal. */
  public static String of(List<String> texts) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(String.join("\0", texts).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, HEX_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256", e);
    }
  }
}
