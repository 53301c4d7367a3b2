package dev.freshet.gateway;

import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.Resource;
import org.springframework.http.HttpMethod;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.reactive.function.server.HandlerFunction;
import org.springframework.web.reactive.function.server.RequestPredicate;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.support.RouterFunctionMapping;
import org.springframework.web.reactive.handler.AbstractUrlHandlerMapping;
import org.springframework.web.reactive.result.method.RequestMappingInfoHandlerMapping;
import reactor.core.publisher.Mono;

/** Finds what Spring has been told to answer: for each endpoint a request that it takes. */
@SuppressWarnings("overloads") // of the two interfaces
final class Endpoints implements RouterFunctions.Visitor, RequestPredicates.Visitor {

  private final Set<String> found = new TreeSet<>();
  private Set<HttpMethod> methods = Set.of();
  private String pattern = "";

  private Endpoints() {}

  /** The endpoints of a mapping, as method and target. */
  static Set<String> of(HandlerMapping mapping) {
    Endpoints endpoints = new Endpoints();
    switch (mapping) {
      case RouterFunctionMapping functions ->
          Optional.<RouterFunction<?>>ofNullable(functions.getRouterFunction())
              .ifPresent(function -> function.accept(endpoints));
      case RequestMappingInfoHandlerMapping handlers ->
          handlers
              .getHandlerMethods()
              .keySet()
              .forEach(
                  info ->
                      info.getPatternsCondition()
                          .getPatterns()
                          .forEach(
                              path ->
                                  endpoints.add(
                                      info.getMethodsCondition().getMethods().stream()
                                          .map(method -> HttpMethod.valueOf(method.name()))
                                          .toList(),
                                      path.getPatternString())));
      case AbstractUrlHandlerMapping urls ->
          urls.getHandlerMap()
              .keySet()
              .forEach(path -> endpoints.add(Set.of(), path.getPatternString()));
      // It takes what has come through the gateway's own front door alone.
      default -> {
        if (!mapping.getClass().getSimpleName().equals("RoutePredicateHandlerMapping")) {
          throw new IllegalStateException("What does this take? " + mapping.getClass());
        }
      }
    }
    return endpoints.found;
  }

  private void add(Collection<HttpMethod> by, String path) {
    String target = path.replaceAll("\\{\\*?\\w+(:[^}]*})?}", "1").replaceAll("\\*\\*?", "x");
    (by.isEmpty() ? Set.of(HttpMethod.GET) : by)
        .forEach(method -> found.add(method + " " + target));
  }

  @Override
  public void route(RequestPredicate predicate, HandlerFunction<?> handler) {
    predicate.accept(this);
    add(methods, pattern);
  }

  @Override
  public void method(Set<HttpMethod> named) {
    methods = named;
  }

  @Override
  public void path(String named) {
    pattern = named;
  }

  @Override
  public void resources(Function<ServerRequest, Mono<Resource>> lookup) {
    add(Set.of(), "/console/**"); // a visitor is not told where they are
  }

  @Override
  public void startNested(RequestPredicate predicate) {
    throw new IllegalStateException("No endpoint is nested so far: " + predicate);
  }

  @Override
  public void endNested(RequestPredicate predicate) {}

  @Override
  public void attributes(java.util.Map<String, Object> attributes) {}

  @Override
  public void unknown(RouterFunction<?> function) {
    throw new IllegalStateException("What does this take? " + function);
  }

  @Override
  public void startAnd() {}

  @Override
  public void and() {}

  @Override
  public void endAnd() {}

  @Override
  public void startOr() {
    throw new IllegalStateException("No endpoint has alternatives so far");
  }

  @Override
  public void or() {}

  @Override
  public void endOr() {}

  @Override
  public void startNegate() {
    throw new IllegalStateException("No endpoint is a negation so far");
  }

  @Override
  public void endNegate() {}

  @Override
  public void header(String name, String value) {}

  @Override
  public void queryParam(String name, String value) {}

  @Override
  public void version(String version) {}

  @Override
  @SuppressWarnings("removal")
  public void pathExtension(@Nullable String extension) {}

  @Override
  public void unknown(RequestPredicate predicate) {
    throw new IllegalStateException("What does this take? " + predicate);
  }
}
