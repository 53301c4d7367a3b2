package dev.freshet.write.order;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The statements on {@code orders} and {@code order_item}. */
record OrderStore(JdbcClient db) {

  /** What a decision needs to know of an order. */
  record State(OrderStatus status, long version) {}

  /** What every command on an order answers. */
  record Summary(UUID id, String status, long version, BigDecimal total) {}

  /** A dish as it is offered now. */
  record Offer(String sku, BigDecimal price, boolean available) {}

  /** The order's state, its row locked until the transaction ends. */
  Optional<State> lock(UUID id) {
    return db.sql("select status, version from orders where id = :id for update")
        .param("id", id)
        .query(
            (row, number) ->
                new State(OrderStatus.parse(row.getString("status")), row.getLong("version")))
        .optional();
  }

  /** The offers of these dishes, by SKU; none can leave the menu until the transaction ends. */
  Map<String, Offer> offers(List<String> skus) {
    return db
        .sql(
            """
            select sku, price, available from menu_item where sku = any(:skus)
            order by sku for key share
            """)
        .param("skus", skus.toArray(String[]::new))
        .query(
            (row, number) ->
                new Offer(
                    row.getString("sku"), row.getBigDecimal("price"), row.getBoolean("available")))
        .list()
        .stream()
        .collect(Collectors.toMap(Offer::sku, offer -> offer));
  }

  void insert(UUID id, String kind, @Nullable Integer tableNo, @Nullable String customer) {
    db.sql(
            """
            insert into orders (id, kind, table_no, customer, status, version, placed_at, updated_at)
            values (:id, :kind, :tableNo, :customer, 'placed', 1, now(), now())
            """)
        .param("id", id)
        .param("kind", kind)
        .param("tableNo", tableNo)
        .param("customer", customer)
        .update();
  }

  /** Adds a line after those there are; the order's row must be locked or new. */
  void addLine(UUID id, String sku, int quantity, BigDecimal unitPrice) {
    db.sql(
            """
            insert into order_item (order_id, line, sku, quantity, unit_price)
            select :id, coalesce(max(line), 0) + 1, :sku, :quantity, :unitPrice
            from order_item where order_id = :id
            """)
        .param("id", id)
        .param("sku", sku)
        .param("quantity", quantity)
        .param("unitPrice", unitPrice)
        .update();
  }

  /** Moves the order to a status, which may be the one it has, and to its next version. */
  void advance(UUID id, OrderStatus status) {
    db.sql(
            """
            update orders set status = :status, version = version + 1, updated_at = now()
            where id = :id
            """)
        .param("id", id)
        .param("status", status.text())
        .update();
  }

  Summary summary(UUID id) {
    return db.sql(
            """
            select id, status, version,
              (select coalesce(sum(quantity * unit_price), 0) from order_item where order_id = id) total
            from orders where id = :id
            """)
        .param("id", id)
        .query(
            (row, number) ->
                new Summary(
                    row.getObject("id", UUID.class),
                    row.getString("status"),
                    row.getLong("version"),
                    row.getBigDecimal("total")))
        .single();
  }
}
