package dev.freshet.conventional;

import jakarta.persistence.Column;
import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.MapsId;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import java.util.UUID;
import org.jspecify.annotations.NullUnmarked;

/** A line of an order. */
@NullUnmarked // filled by Hibernate
@Entity
@Table(name = "order_item")
class OrderItem {

  /** Its key. */
  @Embeddable
  record Key(@Column(name = "order_id") UUID order, int line) {}

  @EmbeddedId Key id;

  @MapsId("order")
  @ManyToOne(fetch = FetchType.LAZY)
  @JoinColumn(name = "order_id")
  PlacedOrder order;

  @ManyToOne(fetch = FetchType.LAZY)
  @JoinColumn(name = "sku")
  MenuItem dish;

  int quantity;

  @Column(name = "unit_price")
  BigDecimal unitPrice;
}
