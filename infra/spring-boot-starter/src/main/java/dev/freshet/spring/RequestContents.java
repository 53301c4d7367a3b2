package dev.freshet.spring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.Annotation;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.http.HttpEntity;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.multipart.MultipartFile;

/** What a controller's method is given of a request's content: bodies, forms and files. */
final class RequestContents {

  /** What stands in the target, or beside the content. */
  private static final Set<Class<? extends Annotation>> NO_CONTENT =
      Set.of(PathVariable.class, RequestHeader.class, CookieValue.class, RequestAttribute.class);

  /** Where arguments come from that the web framework makes itself. */
  private static final List<String> MADE_BY_THE_FRAMEWORK =
      List.of("org.springframework.", "jakarta.servlet.", "java.security.", "java.io.", "reactor.");

  private static final Set<String> OF_THE_REQUEST =
      Set.of("java.util.Locale", "java.util.TimeZone", "java.time.ZoneId", "java.time.ZoneRegion");

  private RequestContents() {}

  /**
   * Values, and files as bytes. Annotations count on the interfaces that the method implements,
   * too.
   */
  static List<Object> of(MethodInvocation call) {
    HandlerMethod handler =
        new HandlerMethod(Objects.requireNonNull(call.getThis()), call.getMethod());
    List<Object> contents = new ArrayList<>();
    MethodParameter[] parameters = handler.getMethodParameters();
    for (int i = 0; i < parameters.length; i++) {
      Object content = content(parameters[i], call.getArguments()[i]);
      if (content != null) {
        contents.add(content);
      }
    }
    return contents;
  }

  private static @Nullable Object content(MethodParameter parameter, @Nullable Object argument) {
    boolean isBeside =
        NO_CONTENT.stream().anyMatch(parameter::hasParameterAnnotation) || argument == null;
    if (isBeside) {
      return null;
    }
    if (argument instanceof HttpEntity<?> entity) {
      return entity.getBody();
    }
    if (argument instanceof MultipartFile file) {
      try {
        return file.getBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    String type = Objects.requireNonNull(argument).getClass().getName();
    return OF_THE_REQUEST.contains(type)
            || MADE_BY_THE_FRAMEWORK.stream().anyMatch(type::startsWith)
        ? null
        : argument;
  }
}
