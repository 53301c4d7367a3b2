package dev.freshet.conventional;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.OneToMany;
import jakarta.persistence.OrderBy;
import jakarta.persistence.Table;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.NullUnmarked;

/** An order with its items. */
@NullUnmarked // filled by Hibernate
@Entity
@Table(name = "orders")
class PlacedOrder {

  @Id UUID id;

  String kind;

  @Column(name = "table_no")
  Integer tableNo;

  String customer;
  String status;
  int version;

  @Column(name = "placed_at")
  OffsetDateTime placedAt;

  @Column(name = "updated_at")
  OffsetDateTime updatedAt;

  @OneToMany(mappedBy = "order")
  @OrderBy("id.line")
  List<OrderItem> items = new ArrayList<>();
}
