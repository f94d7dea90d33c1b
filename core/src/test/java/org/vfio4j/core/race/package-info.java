// SPDX-License-Identifier: Apache-2.0
/**
 * Everything at once: programs, an administrator and a driver that keep each other busy, and books that have to balance when
 * they rest. Backend, iommufd and driver here do nothing but watch the core.
 */
package org.vfio4j.core.race;
