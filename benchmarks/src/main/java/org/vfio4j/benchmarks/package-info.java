// SPDX-License-Identifier: Apache-2.0
/**
 * JMH benchmarks of vfio4j's hot paths. Each names the figure it measures and the target it is held against; the numbers and how
 * they were taken are in {@code docs/performance.md}.
 */
package org.vfio4j.benchmarks;
