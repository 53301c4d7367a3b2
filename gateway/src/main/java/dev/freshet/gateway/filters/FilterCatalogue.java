package dev.freshet.gateway.filters;

import dev.freshet.gateway.routing.FilterSpec;
import dev.freshet.gateway.routing.file.Surroundings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.cloud.gateway.event.FilterArgsEvent;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.OrderedGatewayFilter;
import org.springframework.cloud.gateway.filter.factory.GatewayFilterFactory;
import org.springframework.cloud.gateway.support.ConfigurationService;
import org.springframework.cloud.gateway.support.HasRouteId;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;

/** The filters that Spring Cloud Gateway has, by the names that routes call them. */
public final class FilterCatalogue implements Surroundings.Filters {

  private final Map<String, GatewayFilterFactory<?>> factories = new TreeMap<>();
  private final ConfigurationService configuration;

  public FilterCatalogue(
      List<GatewayFilterFactory<?>> factories, ConfigurationService configuration) {
    factories.forEach(factory -> this.factories.put(factory.name(), factory));
    this.configuration = configuration;
  }

  @Override
  public List<String> names() {
    return List.copyOf(factories.keySet());
  }

  @Override
  public Optional<String> misfit(FilterSpec spec) {
    try {
      filter("to-be-checked", spec);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Makes a route's filters, in the order in which they run.
   *
   * @throws IllegalArgumentException when there is no filter of a name, or its arguments don't fit;
   *     the message names the filter
   */
  public List<GatewayFilter> filters(String route, List<FilterSpec> specs) {
    List<GatewayFilter> filters = new ArrayList<>();
    for (int i = 0; i < specs.size(); i++) {
      GatewayFilter filter = filter(route, specs.get(i));
      filters.add(filter instanceof Ordered ? filter : new OrderedGatewayFilter(filter, i + 1));
    }
    AnnotationAwareOrderComparator.sort(filters);
    return filters;
  }

  private GatewayFilter filter(String route, FilterSpec spec) {
    GatewayFilterFactory<?> factory = factories.get(spec.name());
    if (factory == null) {
      throw new IllegalArgumentException("there is no filter " + spec.name());
    }
    return filter(route, spec, factory);
  }

  private <C> GatewayFilter filter(String route, FilterSpec spec, GatewayFilterFactory<C> factory) {
    C bound;
    try {
      bound =
          configuration
              .with(factory)
              .name(spec.name())
              .properties(spec.arguments())
              .eventFunction(
                  (configured, properties) ->
                      new FilterArgsEvent(this, route, Map.<String, Object>copyOf(properties)))
              .bind();
      if (bound instanceof HasRouteId named) {
        named.setRouteId(route);
      }
      return factory.apply(bound);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "the arguments of filter %s don't fit; it takes %s"
              .formatted(spec.name(), String.join(", ", factory.shortcutFieldOrder())),
          e);
    }
  }
}
