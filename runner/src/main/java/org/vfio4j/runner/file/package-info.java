// SPDX-License-Identifier: Apache-2.0
/**
 * The machine's files as the program has them open: {@link org.vfio4j.runner.file.Handles} pairs each with a real file that the
 * kernel counts descriptors and mappings of.
 */
package org.vfio4j.runner.file;
