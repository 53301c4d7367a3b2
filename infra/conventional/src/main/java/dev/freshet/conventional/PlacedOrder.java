package dev.freshet.conventional;

import jakarta.persistence.CascadeType;
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
import org.springframework.data.domain.Persistable;

/** An order with its items. */
@NullUnmarked // filled by Hibernate
@Entity
@Table(name = "orders")
class PlacedOrder implements Persistable<UUID> {

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

  @OneToMany(mappedBy = "order", cascade = CascadeType.PERSIST)
  @OrderBy("id.line")
  List<OrderItem> items = new ArrayList<>();

  @Override
  public UUID getId() {
    return id;
  }

  /** Orders are saved once, when they are placed: nothing has to be read for it. */
  @Override
  public boolean isNew() {
    return true;
  }
}
