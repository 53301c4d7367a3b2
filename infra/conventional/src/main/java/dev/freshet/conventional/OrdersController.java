package dev.freshet.conventional;

import jakarta.validation.Valid;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;
import java.math.BigDecimal;
import java.net.URI;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.PageRequest;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Answers what the read model of orders answers. */
@RestController
class OrdersController {

  private final PlacedOrders orders;
  private final MenuItems menu;

  OrdersController(PlacedOrders orders, MenuItems menu) {
    this.orders = orders;
    this.menu = menu;
  }

  /** What is ordered. */
  record Wanted(
      @NotNull String kind, @Nullable String customer, @NotEmpty List<@Valid Dish> items) {}

  /** A dish of it. */
  record Dish(@NotNull String sku, @Positive int quantity) {}

  /** What was placed. */
  record Placed(UUID id, String status, int version, BigDecimal total) {}

  /** Places an order. */
  @PostMapping("/orders")
  @Transactional
  public ResponseEntity<Placed> place(@Valid @RequestBody Wanted wanted) {
    PlacedOrder order = new PlacedOrder();
    order.id = UUID.randomUUID();
    order.kind = wanted.kind();
    order.customer = wanted.customer();
    order.status = "placed";
    order.version = 1;
    order.placedAt = OffsetDateTime.now(ZoneOffset.UTC);
    order.updatedAt = order.placedAt;
    Map<String, MenuItem> offers =
        menu.findAllById(wanted.items().stream().map(Dish::sku).toList()).stream()
            .collect(Collectors.toMap(offer -> offer.sku, offer -> offer));
    BigDecimal total = BigDecimal.ZERO;
    for (Dish dish : wanted.items()) {
      MenuItem offer = offers.get(dish.sku());
      if (offer == null || !offer.available) {
        throw new ResponseStatusException(HttpStatus.UNPROCESSABLE_CONTENT);
      }
      OrderItem item = new OrderItem();
      item.id = new OrderItem.Key(order.id, order.items.size() + 1);
      item.order = order;
      item.dish = offer;
      item.quantity = dish.quantity();
      item.unitPrice = offer.price;
      order.items.add(item);
      total = total.add(offer.price.multiply(BigDecimal.valueOf(dish.quantity())));
    }
    orders.save(order);
    return ResponseEntity.created(URI.create("/orders/" + order.id))
        .body(new Placed(order.id, order.status, order.version, total));
  }

  /** A line of an answer. */
  record Line(int line, String sku, String name, int quantity, BigDecimal unit_price) {}

  /** An answer. */
  record Order(
      UUID id,
      String kind,
      @Nullable Integer table_no,
      String customer,
      String status,
      int version,
      OffsetDateTime placed_at,
      OffsetDateTime updated_at,
      BigDecimal total,
      List<Line> items) {

    static Order of(PlacedOrder order) {
      List<Line> lines =
          order.items.stream()
              .map(
                  item ->
                      new Line(
                          item.id.line(),
                          item.dish.sku,
                          item.dish.name,
                          item.quantity,
                          item.unitPrice))
              .toList();
      return new Order(
          order.id,
          order.kind,
          order.tableNo,
          order.customer,
          order.status,
          order.version,
          order.placedAt,
          order.updatedAt,
          lines.stream()
              .map(line -> line.unit_price().multiply(BigDecimal.valueOf(line.quantity())))
              .reduce(BigDecimal.ZERO, BigDecimal::add),
          lines);
    }
  }

  @GetMapping("/orders/{id}")
  @Transactional(readOnly = true)
  public ResponseEntity<Order> one(@PathVariable UUID id) {
    return ResponseEntity.of(orders.findById(id).map(Order::of));
  }

  @GetMapping("/orders")
  @Transactional(readOnly = true)
  public List<Order> page(@RequestParam String customer, @RequestParam int limit) {
    return orders.findByCustomerOrderByPlacedAtDesc(customer, PageRequest.of(0, limit)).stream()
        .map(Order::of)
        .toList();
  }

  @GetMapping("/totals")
  @Transactional(readOnly = true)
  public List<PlacedOrders.StatusTotal> totals(@RequestParam String customer) {
    return orders.totals(customer);
  }
}
