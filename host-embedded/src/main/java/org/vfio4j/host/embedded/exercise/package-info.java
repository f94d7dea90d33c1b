// SPDX-License-Identifier: Apache-2.0
/** User-space drivers that make the machine's PCI devices move data, for demonstrations, contract tests and benchmarks. */
package org.vfio4j.host.embedded.exercise;
