// SPDX-License-Identifier: Apache-2.0
/** What the kernel's modules of the same task show of themselves in {@code /sys/module}. */
package org.vfio4j.spi.module;
