package dev.freshet.gateway.filters;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.factory.AddRequestParameterGatewayFilterFactory;
import org.springframework.cloud.gateway.filter.factory.GatewayFilterFactory;
import org.springframework.cloud.gateway.filter.factory.PrefixPathGatewayFilterFactory;
import org.springframework.cloud.gateway.filter.factory.RemoveRequestParameterGatewayFilterFactory;
import org.springframework.cloud.gateway.filter.factory.RewriteRequestParameterGatewayFilterFactory;
import org.springframework.cloud.gateway.filter.factory.SetPathGatewayFilterFactory;
import org.springframework.cloud.gateway.filter.factory.StripPrefixGatewayFilterFactory;
import org.springframework.cloud.gateway.support.ServerWebExchangeUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.util.UriUtils;

/**
 * Spring Cloud Gateway's filters of paths and queries that change more than they are for: they
 * decode what they leave alone and encode it again, each in its own way. Here they have their names
 * and arguments, and leave everything else as it was sent, byte by byte.
 */
final class ExactFilters {

  private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)}");

  private ExactFilters() {}

  static List<GatewayFilterFactory<?>> all() {
    return List.of(
        new AddRequestParameter(),
        new RemoveRequestParameter(),
        new RewriteRequestParameter(),
        new StripPrefix(),
        new PrefixPath(),
        new SetPath());
  }

  /** Adds one; its value is a text, which may name variables of the route's path. */
  static final class AddRequestParameter extends AddRequestParameterGatewayFilterFactory {
    @Override
    public GatewayFilter apply(NameValueConfig config) {
      String name = Objects.requireNonNull(config.getName());
      String value = Objects.requireNonNull(config.getValue());
      return (exchange, chain) ->
          chain.filter(
              withQuery(
                  exchange,
                  query -> query.plus(name, expanded(value, variables(exchange), text -> text))));
    }
  }

  /** Removes all of a name. */
  static final class RemoveRequestParameter extends RemoveRequestParameterGatewayFilterFactory {
    @Override
    public GatewayFilter apply(NameConfig config) {
      String name = Objects.requireNonNull(config.getName());
      return (exchange, chain) -> chain.filter(withQuery(exchange, query -> query.without(name)));
    }
  }

  /** Puts one value in the place of those of a name, where there are some. */
  static final class RewriteRequestParameter extends RewriteRequestParameterGatewayFilterFactory {
    @Override
    public GatewayFilter apply(RewriteRequestParameterGatewayFilterFactory.Config config) {
      String name = Objects.requireNonNull(config.getName());
      String value = Objects.requireNonNull(config.getReplacement());
      return (exchange, chain) ->
          chain.filter(withQuery(exchange, query -> query.with(name, value)));
    }
  }

  /** Takes the first segments away, and empty ones only before and among them. */
  static final class StripPrefix extends StripPrefixGatewayFilterFactory {
    @Override
    public GatewayFilter apply(StripPrefixGatewayFilterFactory.Config config) {
      Pattern prefix = Pattern.compile("(/+[^/]+){0,%d}".formatted(config.getParts()));
      return (exchange, chain) ->
          chain.filter(withPath(exchange, path -> prefix.matcher(path).replaceFirst("")));
    }
  }

  /** Puts a path, which may name variables, in front. */
  static final class PrefixPath extends PrefixPathGatewayFilterFactory {
    @Override
    public GatewayFilter apply(PrefixPathGatewayFilterFactory.Config config) {
      String prefix = Objects.requireNonNull(config.getPrefix());
      return (exchange, chain) -> {
        boolean isPrefixed =
            exchange.getAttributes().put(ServerWebExchangeUtils.GATEWAY_ALREADY_PREFIXED_ATTR, true)
                != null;
        return chain.filter(
            isPrefixed
                ? exchange
                : withPath(exchange, path -> path(prefix, variables(exchange)) + path));
      };
    }
  }

  /** Puts a path, which may name variables, in place of the request's. */
  static final class SetPath extends SetPathGatewayFilterFactory {
    @Override
    public GatewayFilter apply(SetPathGatewayFilterFactory.Config config) {
      String template = Objects.requireNonNull(config.getTemplate());
      return (exchange, chain) ->
          chain.filter(withPath(exchange, path -> path(template, variables(exchange))));
    }
  }

  private static Map<String, String> variables(ServerWebExchange exchange) {
    return ServerWebExchangeUtils.getUriTemplateVariables(exchange);
  }

  /** Values come decoded; encoded strictly, none of their characters gets another meaning. */
  private static String path(String template, Map<String, String> variables) {
    return expanded(
        template,
        variables,
        value ->
            Stream.of(value.split("/", -1))
                .map(segment -> UriUtils.encode(segment, StandardCharsets.UTF_8))
                .collect(Collectors.joining("/")));
  }

  private static String expanded(
      String template, Map<String, String> variables, UnaryOperator<String> encoding) {
    return VARIABLE
        .matcher(template)
        .replaceAll(found -> Matcher.quoteReplacement(value(found, variables, encoding)));
  }

  private static String value(
      MatchResult found, Map<String, String> variables, UnaryOperator<String> encoding) {
    String value = variables.get(found.group(1));
    if (value == null) {
      throw new IllegalArgumentException(
          "The route's path has no variable %s, which a filter names".formatted(found.group(1)));
    }
    return encoding.apply(value);
  }

  private static ServerWebExchange withQuery(
      ServerWebExchange exchange, UnaryOperator<RawQuery> change) {
    URI before = exchange.getRequest().getURI();
    return with(
        exchange, before.getRawPath(), change.apply(new RawQuery(before.getRawQuery())).text());
  }

  private static ServerWebExchange withPath(
      ServerWebExchange exchange, UnaryOperator<String> change) {
    URI before = exchange.getRequest().getURI();
    String path = change.apply(before.getRawPath());
    return with(exchange, path.startsWith("/") ? path : "/" + path, before.getRawQuery());
  }

  private static ServerWebExchange with(
      ServerWebExchange exchange, String path, @Nullable String query) {
    URI before = exchange.getRequest().getURI();
    ServerWebExchangeUtils.addOriginalRequestUrl(exchange, before);
    String origin = before.getScheme() + "://" + before.getRawAuthority();
    URI after = URI.create(origin + path + (query == null ? "" : "?" + query));
    exchange.getAttributes().put(ServerWebExchangeUtils.GATEWAY_REQUEST_URL_ATTR, after);
    return exchange.mutate().request(request -> request.uri(after)).build();
  }
}
