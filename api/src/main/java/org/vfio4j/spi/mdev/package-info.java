// SPDX-License-Identifier: Apache-2.0
/**
 * Mediated devices between a host's parents and the mdev driver: a {@link org.vfio4j.spi.mdev.MdevParent} offers types,
 * the driver creates {@linkplain org.vfio4j.spi.mdev.MdevDevice devices} of them by UUID. Spec: mdev §1 to §7.
 */
package org.vfio4j.spi.mdev;
