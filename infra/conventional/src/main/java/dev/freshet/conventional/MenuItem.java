package dev.freshet.conventional;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import org.jspecify.annotations.NullUnmarked;

/** A dish of the menu. */
@NullUnmarked // filled by Hibernate
@Entity
@Table(name = "menu_item")
class MenuItem {

  @Id String sku;

  String name;
  BigDecimal price;
  boolean available;
}
