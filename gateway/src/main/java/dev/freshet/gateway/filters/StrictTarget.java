package dev.freshet.gateway.filters;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import reactor.netty.Connection;
import reactor.netty.http.server.HttpServerRequest;

/**
 * A request's target as Spring can read it, which goes by the letter of RFC 3986. What browsers and
 * {@code curl} send beside that, such as {@code {}} and {@code |}, is percent-encoded, which means
 * the same.
 */
public final class StrictTarget {

  private static final String ENCODED = "{}|^`\"<>\\";
  private static final String ENCODED_IN_PATHS = "[]";

  private StrictTarget() {}

  /** The request, with another target where it needs one. */
  public static HttpServerRequest of(HttpServerRequest request) {
    String target = of(request.uri());
    return target.equals(request.uri())
        ? request
        : (HttpServerRequest)
            Proxy.newProxyInstance(
                StrictTarget.class.getClassLoader(),
                new Class<?>[] {HttpServerRequest.class, Connection.class},
                (proxy, method, arguments) ->
                    method.getName().equals("uri") && method.getParameterCount() == 0
                        ? target
                        : invoke(request, method, arguments));
  }

  private static @Nullable Object invoke(
      HttpServerRequest request, Method method, Object @Nullable [] arguments) throws Throwable {
    try {
      return method.invoke(request, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  /** A target with everything encoded that must be. */
  static String of(String target) {
    StringBuilder strict = new StringBuilder(target.length());
    boolean isInQuery = false;
    for (int i = 0; i < target.length(); i++) {
      char character = target.charAt(i);
      if (isToBeEncoded(target, i, isInQuery)) {
        strict.append('%').append(HexFormat.of().withUpperCase().toHexDigits((byte) character));
      } else {
        strict.append(character);
      }
      isInQuery |= character == '?';
    }
    return strict.toString();
  }

  private static boolean isToBeEncoded(String target, int at, boolean isInQuery) {
    char character = target.charAt(at);
    if (character == '%') {
      return at + 2 >= target.length()
          || !HexFormat.isHexDigit(target.charAt(at + 1))
          || !HexFormat.isHexDigit(target.charAt(at + 2));
    }
    return ENCODED.indexOf(character) >= 0
        || (!isInQuery && ENCODED_IN_PATHS.indexOf(character) >= 0);
  }
}
