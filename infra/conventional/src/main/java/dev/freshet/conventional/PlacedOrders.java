package dev.freshet.conventional;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.EntityGraph;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Query;

/** The orders. */
interface PlacedOrders extends JpaRepository<PlacedOrder, UUID> {

  @EntityGraph(attributePaths = {"items", "items.dish"})
  @Override
  Optional<PlacedOrder> findById(UUID id);

  List<PlacedOrder> findByCustomerOrderByPlacedAtDesc(String customer, Pageable page);

  /** What a customer's orders of one status come to. */
  record StatusTotal(String status, long orders, BigDecimal total) {}

  @Query(
      """
      select new dev.freshet.conventional.PlacedOrders$StatusTotal(
        o.status, count(distinct o.id), sum(i.quantity * i.unitPrice))
      from PlacedOrder o left join o.items i where o.customer = :customer
      group by o.status order by o.status
      """)
  List<StatusTotal> totals(String customer);
}
