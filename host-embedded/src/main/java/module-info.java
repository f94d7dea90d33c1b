// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** The embedded machine, a host inside this process. */
@NullMarked
module org.vfio4j.host.embedded {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;
}
