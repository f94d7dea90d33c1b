// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

/**
 * Answer of GET_IRQ_INFO (kernel: {@code vfio_irq_info}).
 *
 * @param index interrupt index
 * @param flags {@code VFIO_IRQ_INFO_*}
 * @param count number of vectors
 */
public record IrqInfo(int index, int flags, int count) {}
