// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/** The type1 IOMMU backend. */
@NullMarked
@SuppressWarnings("module") // the digit belongs to the kernel's name
module org.vfio4j.backend.type1 {
    requires org.vfio4j.api;
    requires org.slf4j;
    requires static org.jspecify;
}
