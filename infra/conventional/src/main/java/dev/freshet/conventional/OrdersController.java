package dev.freshet.conventional;

import java.math.BigDecimal;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.PageRequest;
import org.springframework.http.ResponseEntity;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Answers what the read model of orders answers. */
@RestController
class OrdersController {

  private final PlacedOrders orders;

  OrdersController(PlacedOrders orders) {
    this.orders = orders;
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
