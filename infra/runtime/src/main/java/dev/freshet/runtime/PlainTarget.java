package dev.freshet.runtime;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.HexFormat;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;

/**
 * A request's target in the characters that RFC 3986 has for it. Browsers and curl send others as
 * they are: <code>{ } | " ^ &lt; &gt;</code>, backticks, bytes beyond ASCII, and in a query a
 * percent sign before anything. They mean themselves, and are percent-encoded here; whatever stands
 * encoded already stays as it is. A percent sign in a path that encodes nothing stays, too, and is
 * refused by whoever reads it: paths lead to rights, and must not be read in two ways.
 */
public final class PlainTarget {

  private static final BitSet OF_QUERY = Characters.alphanumericAnd("-._~!$&'()*+,;=:@/?[]");
  private static final BitSet OF_PATH = Characters.alphanumericAnd("-._~!$&'()*+,;=:@/");

  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private PlainTarget() {}

  /** The request, with its target made plain; the same one where it is. */
  public static HttpServerRequest of(HttpServerRequest request) {
    String plain = of(request.uri());
    return plain.equals(request.uri()) ? request : with(request, plain);
  }

  /** Whether there is nothing to encode. */
  static boolean isPlain(String target) {
    return of(target).equals(target);
  }

  /**
   * A target made plain; anything but a path and a query is left as it is.
   *
   * @param target with one character a byte, as Netty reads it
   */
  public static String of(String target) {
    int first = notPlain(target, 0);
    if (first == target.length() || !target.startsWith("/")) {
      return target;
    }
    StringBuilder plain = new StringBuilder(target.length() + 16);
    int from = 0;
    for (int at = first; at < target.length(); at = notPlain(target, at + 1)) {
      plain.append(target, from, at);
      from = at + 1;
      char character = target.charAt(at);
      byte[] bytes =
          character <= 0xff
              ? new byte[] {(byte) character}
              : String.valueOf(character).getBytes(StandardCharsets.UTF_8);
      for (byte each : bytes) {
        HEX.toHexDigits(plain.append('%'), each);
      }
    }
    return plain.append(target, from, target.length()).toString();
  }

  /** The place of the next character that has to be encoded; the length when there is none. */
  private static int notPlain(String target, int from) {
    int question = target.indexOf('?');
    int query = question < 0 ? target.length() : question;
    for (int i = from; i < target.length(); i++) {
      char character = target.charAt(i);
      boolean isPlain =
          character == '%'
              ? i < query || isEncoded(target, i)
              : (i < query ? OF_PATH : OF_QUERY).get(character);
      if (!isPlain) {
        return i;
      }
    }
    return target.length();
  }

  private static boolean isEncoded(String target, int percent) {
    return percent + 2 < target.length()
        && HexFormat.isHexDigit(target.charAt(percent + 1))
        && HexFormat.isHexDigit(target.charAt(percent + 2));
  }

  /** Reactor Netty's request can't be given another target; this one answers in its name. */
  private static HttpServerRequest with(HttpServerRequest request, String target) {
    return (HttpServerRequest)
        Proxy.newProxyInstance(
            PlainTarget.class.getClassLoader(),
            new Class<?>[] {HttpServerRequest.class, Connection.class},
            (self, method, arguments) -> {
              if (method.getName().equals("uri")) {
                return target;
              }
              try {
                return method.invoke(request, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
