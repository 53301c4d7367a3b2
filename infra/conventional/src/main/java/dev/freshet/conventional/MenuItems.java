package dev.freshet.conventional;

import org.springframework.data.jpa.repository.JpaRepository;

/** The menu. */
interface MenuItems extends JpaRepository<MenuItem, String> {}
