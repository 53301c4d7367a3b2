package dev.freshet.write.order;

import dev.freshet.protocol.Problem.Violation;
import dev.freshet.protocol.ProblemCode;
import dev.freshet.write.command.Command;
import dev.freshet.write.command.CommandPath;
import dev.freshet.write.command.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import tools.jackson.databind.JsonNode;

/** What can be done to orders. */
public final class OrderCommands {

  private OrderCommands() {}

  public static RouterFunction<ServerResponse> routes(CommandPath path) {
    return RouterFunctions.route()
        .POST("/orders", path.withBody("place-order", OrderCommands::place))
        .POST("/orders/{id}/items", path.withBody("add-item", OrderCommands::addItem))
        .PUT("/orders/{id}/status", path.withBody("move-order", OrderCommands::move))
        .DELETE("/orders/{id}", path.withoutBody("cancel-order", OrderCommands::cancel))
        .build();
  }

  private static Outcome place(JdbcClient db, Command.Input input) {
    OrderStore orders = new OrderStore(db);
    JsonNode body = input.body();
    List<JsonNode> items = body.get("items").valueStream().toList();
    Map<String, OrderStore.Offer> offers =
        orders.offers(items.stream().map(item -> item.get("sku").stringValue()).toList());
    List<Violation> violations = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      notOffered(items.get(i), offers, "/items/" + i).ifPresent(violations::add);
    }
    if (!violations.isEmpty()) {
      return Outcome.Refused.invalid(violations);
    }
    UUID id = UUID.randomUUID();
    orders.insert(
        id,
        body.get("kind").stringValue(),
        body.has("table_no") ? Integer.valueOf(body.get("table_no").intValue()) : null,
        body.has("customer") ? body.get("customer").stringValue() : null);
    items.forEach(item -> addLine(orders, id, item, offers));
    return done(orders, id, 201, "/orders/" + id);
  }

  private static Outcome addItem(JdbcClient db, Command.Input input) {
    return onOrder(
        db,
        input,
        (orders, order) -> {
          if (!order.state().status().takesItems()) {
            return conflict(order, "takes no further dishes");
          }
          Map<String, OrderStore.Offer> offers =
              orders.offers(List.of(input.body().get("sku").stringValue()));
          Optional<Violation> violation = notOffered(input.body(), offers, "");
          if (violation.isPresent()) {
            return Outcome.Refused.invalid(List.of(violation.get()));
          }
          addLine(orders, order.id(), input.body(), offers);
          orders.advance(order.id(), order.state().status());
          return done(orders, order.id(), 200, null);
        });
  }

  private static Outcome move(JdbcClient db, Command.Input input) {
    OrderStatus wanted = OrderStatus.parse(input.body().get("status").stringValue());
    return onOrder(
        db,
        input,
        (orders, order) -> {
          if (!order.state().status().next().contains(wanted)) {
            return conflict(order, "can't become " + wanted.text());
          }
          orders.advance(order.id(), wanted);
          return done(orders, order.id(), 200, null);
        });
  }

  /** Cancelling twice is fine: the order is as the client wants it. */
  private static Outcome cancel(JdbcClient db, Command.Input input) {
    return onOrder(
        db,
        input,
        (orders, order) -> {
          long version = order.state().version();
          if (order.state().status() != OrderStatus.CANCELLED) {
            if (!order.state().status().next().contains(OrderStatus.CANCELLED)) {
              return conflict(order, "can't be cancelled");
            }
            orders.advance(order.id(), OrderStatus.CANCELLED);
            version++;
          }
          return new Outcome.Done(204, null, version, null);
        });
  }

  private record LockedOrder(UUID id, OrderStore.State state) {}

  private static Outcome onOrder(
      JdbcClient db, Command.Input input, BiFunction<OrderStore, LockedOrder, Outcome> decision) {
    Optional<UUID> id = uuid(input.path("id"));
    OrderStore orders = new OrderStore(db);
    Optional<OrderStore.State> state = id.flatMap(orders::lock);
    if (id.isEmpty() || state.isEmpty()) {
      return Outcome.Refused.of(
          ProblemCode.NOT_FOUND, "There is no order '%s'.".formatted(input.path("id")));
    }
    Optional<Outcome.Refused> stale = input.precondition().refuses(state.get().version());
    return stale.isPresent()
        ? stale.get()
        : decision.apply(orders, new LockedOrder(id.get(), state.get()));
  }

  private static Optional<UUID> uuid(String text) {
    try {
      return Optional.of(UUID.fromString(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Optional<Violation> notOffered(
      JsonNode item, Map<String, OrderStore.Offer> offers, String pointer) {
    String sku = item.get("sku").stringValue();
    OrderStore.Offer offer = offers.get(sku);
    if (offer == null) {
      return Optional.of(new Violation(pointer + "/sku", "the menu has no '" + sku + "'"));
    }
    return offer.available()
        ? Optional.empty()
        : Optional.of(new Violation(pointer + "/sku", "'" + sku + "' is not available now"));
  }

  private static void addLine(
      OrderStore orders, UUID id, JsonNode item, Map<String, OrderStore.Offer> offers) {
    OrderStore.Offer offer = Objects.requireNonNull(offers.get(item.get("sku").stringValue()));
    orders.addLine(id, offer.sku(), item.get("quantity").intValue(), offer.price());
  }

  private static Outcome conflict(LockedOrder order, String what) {
    OrderStatus status = order.state().status();
    String moves =
        status.next().stream().map(OrderStatus::text).sorted().collect(Collectors.joining(" or "));
    return Outcome.Refused.of(
        ProblemCode.CONFLICT,
        "The order is %s and %s. %s"
            .formatted(
                status.text(),
                what,
                moves.isEmpty() ? "Nothing comes after that." : "It can become " + moves + "."));
  }

  private static Outcome done(OrderStore orders, UUID id, int status, @Nullable String location) {
    OrderStore.Summary summary = orders.summary(id);
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("id", summary.id());
    body.put("status", summary.status());
    body.put("version", summary.version());
    body.put("total", summary.total());
    return new Outcome.Done(status, body, summary.version(), location);
  }
}
