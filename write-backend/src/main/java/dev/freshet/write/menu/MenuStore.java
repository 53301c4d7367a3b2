package dev.freshet.write.menu;

import java.math.BigDecimal;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The statements on {@code menu_item}. */
record MenuStore(JdbcClient db) {

  /** Inserts or replaces a dish; true when it is new. */
  boolean put(String sku, String name, BigDecimal price, boolean available) {
    return db.sql(
            """
            insert into menu_item (sku, name, price, available)
            values (:sku, :name, :price, :available)
            on conflict (sku) do update
              set name = excluded.name, price = excluded.price, available = excluded.available
            returning xmax = 0
            """)
        .param("sku", sku)
        .param("name", name)
        .param("price", price)
        .param("available", available)
        .query(Boolean.class)
        .single();
  }

  /**
   * Keeps new orders of the dish waiting until the transaction ends; false when there is no such
   * dish.
   */
  boolean lock(String sku) {
    return db.sql("select 1 from menu_item where sku = :sku for update")
        .param("sku", sku)
        .query(Integer.class)
        .optional()
        .isPresent();
  }

  /** How many orders that are neither served nor cancelled have the dish. */
  long openOrders(String sku) {
    return db.sql(
            """
            select count(distinct o.id)
            from order_item i join orders o on o.id = i.order_id
            where i.sku = :sku and o.status not in ('served', 'cancelled')
            """)
        .param("sku", sku)
        .query(Long.class)
        .single();
  }

  void delete(String sku) {
    db.sql("delete from menu_item where sku = :sku").param("sku", sku).update();
  }
}
