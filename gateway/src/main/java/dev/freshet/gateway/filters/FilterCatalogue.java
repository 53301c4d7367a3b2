package dev.freshet.gateway.filters;

import dev.freshet.gateway.routing.FilterSpec;
import dev.freshet.gateway.routing.file.Surroundings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.cloud.gateway.event.FilterArgsEvent;
import org.springframework.cloud.gateway.filter.GatewayFilter;
import org.springframework.cloud.gateway.filter.OrderedGatewayFilter;
import org.springframework.cloud.gateway.filter.factory.GatewayFilterFactory;
import org.springframework.cloud.gateway.support.ConfigurationService;
import org.springframework.cloud.gateway.support.HasRouteId;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.AnnotationAwareOrderComparator;
import org.springframework.core.type.filter.AssignableTypeFilter;
import org.springframework.util.ClassUtils;
import org.springframework.validation.Validator;

/** The filters that Spring Cloud Gateway has, by the names that routes call them. */
public final class FilterCatalogue implements Surroundings.Filters {

  /** A request goes to the instance that was chosen, whatever URI these would have. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("RequestHeaderToRequestUri", "SetRequestUri");

  private static final Validator ACCEPTS_ALL =
      Validator.forInstanceOf(Object.class, (target, errors) -> {});

  private final Map<String, GatewayFilterFactory<?>> factories = new TreeMap<>();
  private final Set<String> unchecked = new TreeSet<>();
  private final ConfigurationService configuration;

  public FilterCatalogue(
      List<GatewayFilterFactory<?>> factories, ConfigurationService configuration) {
    factories.forEach(factory -> this.factories.put(factory.name(), factory));
    ExactFilters.all().forEach(factory -> this.factories.put(factory.name(), factory));
    this.factories.keySet().removeAll(WITHOUT_EFFECT);
    this.configuration = configuration;
  }

  /**
   * The filters on the class path, where no gateway runs. Arguments of those that need other parts
   * of one are not checked.
   */
  public static FilterCatalogue ofClassPath() {
    ClassPathScanningCandidateComponentProvider scan =
        new ClassPathScanningCandidateComponentProvider(false);
    scan.addIncludeFilter(new AssignableTypeFilter(GatewayFilterFactory.class));
    List<GatewayFilterFactory<?>> alone = new ArrayList<>();
    Set<String> others = new TreeSet<>();
    for (BeanDefinition found :
        scan.findCandidateComponents(GatewayFilterFactory.class.getPackageName())) {
      Class<?> type = ClassUtils.resolveClassName(String.valueOf(found.getBeanClassName()), null);
      if (ClassUtils.hasConstructor(type)) {
        alone.add((GatewayFilterFactory<?>) BeanUtils.instantiateClass(type));
      } else {
        others.add(type.getSimpleName().replaceFirst("GatewayFilterFactory$", ""));
      }
    }
    FilterCatalogue catalogue =
        new FilterCatalogue(
            alone,
            new ConfigurationService(
                new DefaultListableBeanFactory(),
                ApplicationConversionService::getSharedInstance,
                () -> ACCEPTS_ALL));
    catalogue.unchecked.addAll(others);
    return catalogue;
  }

  @Override
  public List<String> names() {
    return Stream.concat(factories.keySet().stream(), unchecked.stream()).toList();
  }

  @Override
  public Optional<String> misfit(FilterSpec spec) {
    if (unchecked.contains(spec.name())) {
      return Optional.empty();
    }
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
